from . import history as history
