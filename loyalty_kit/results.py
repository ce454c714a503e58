"""What the functions of the kit give: the classes of all results, for annotations and `isinstance`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("loyalty_kit", __file__)
