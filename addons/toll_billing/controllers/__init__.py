from . import dispatcher
from . import api
from . import portal_words
from . import portal
from . import portal_export
from . import portal_statement
from . import portal_dashboard
from . import public_tariffs
