import sys
from importlib import import_module
from types import ModuleType
from typing import cast

import lazy_loader

# jsonschema, which nbformat needs, loads what checks the forms of addresses and durations at its import, with a grammar
# that takes a second: for something that no notebook holds. It is imported here as it is where these are not installed.
_FORMS = ("isoduration", "rfc3986_validator", "rfc3987_syntax")
if "jsonschema" not in sys.modules:
    absent = [name for name in _FORMS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent, cast(ModuleType, None)))
    import_module("jsonschema")
    for name in absent:
        del sys.modules[name]

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
