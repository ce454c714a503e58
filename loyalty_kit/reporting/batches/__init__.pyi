from . import levels as levels
from . import schedule as schedule
