import sys
from importlib import import_module
from types import ModuleType
from typing import cast

import lazy_loader

# jsonschema, which nbformat needs, builds a grammar of IRIs at its import: a second for something that no notebook
# holds. It is imported here as it is where that grammar is not installed.
if "rfc3987_syntax" not in sys.modules:
    sys.modules["rfc3987_syntax"] = cast(ModuleType, None)
    import_module("jsonschema")
    del sys.modules["rfc3987_syntax"]

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
