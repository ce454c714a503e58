from . import column_values as column_values
from . import schedule as schedule
