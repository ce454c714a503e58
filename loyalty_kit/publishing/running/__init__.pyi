from . import workers as workers
