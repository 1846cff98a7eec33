from . import contact
from . import portal
from . import portal_topup
