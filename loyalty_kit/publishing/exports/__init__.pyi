from . import excel as excel
from . import exporter as exporter
from . import pdf as pdf
