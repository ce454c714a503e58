from . import history as history
from . import recording as recording
from . import requests as requests
from . import schema as schema
