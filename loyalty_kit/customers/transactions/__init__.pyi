from . import recognition as recognition
