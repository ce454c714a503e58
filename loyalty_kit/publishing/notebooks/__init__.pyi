from . import notebooks as notebooks
from . import parameters as parameters
from . import prose as prose
from . import syntax as syntax
from . import values as values
