from . import batch as batch
from . import parameters as parameters
from . import render as render
