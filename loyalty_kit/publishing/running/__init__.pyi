from . import execution as execution
from . import fork_server as fork_server
from . import kernels as kernels
from . import servers as servers
from . import workers as workers
