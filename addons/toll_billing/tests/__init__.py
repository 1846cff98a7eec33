from . import test_crossing_load
from . import test_api
from . import test_portal
from . import test_tours
