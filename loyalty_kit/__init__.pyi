from .checks import InputError as InputError
from .moments import Moments as Moments
from .survey.codebook import Codebook as Codebook
