from . import portal_tag
