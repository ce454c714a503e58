from . import digest as digest
