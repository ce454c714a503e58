from . import drafts as drafts
from . import merging as merging
from . import overview as overview
from . import studies as studies
from . import text as text
