from . import column_values as column_values
from . import executors as executors
from . import schedule as schedule
