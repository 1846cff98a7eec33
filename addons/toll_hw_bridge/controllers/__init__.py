from . import dispatcher
from . import bridge
