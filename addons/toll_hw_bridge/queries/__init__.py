from . import encoding
