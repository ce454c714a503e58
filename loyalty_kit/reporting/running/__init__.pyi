from . import attempt as attempt
from . import executors as executors
from . import workers as workers
