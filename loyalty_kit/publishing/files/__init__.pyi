from . import stores as stores
