from . import portal_tag
from . import shop
