from . import excel as excel
from . import pdf as pdf
