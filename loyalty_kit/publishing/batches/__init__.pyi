from . import batch_file as batch_file
from . import batch_grammar as batch_grammar
from . import column_values as column_values
from . import executors as executors
from . import needs as needs
from . import schedule as schedule
from . import scheduler as scheduler
