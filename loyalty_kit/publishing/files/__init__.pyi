from . import locks as locks
from . import naming as naming
from . import publication as publication
from . import stores as stores
