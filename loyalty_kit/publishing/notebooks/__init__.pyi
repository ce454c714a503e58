from . import languages as languages
from . import notebooks as notebooks
from . import parameters as parameters
from . import values as values
