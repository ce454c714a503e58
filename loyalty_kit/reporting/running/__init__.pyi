from . import executors as executors
from . import run_report as run_report
from . import workers as workers
