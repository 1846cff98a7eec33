from . import test_crossing_load
from . import test_api
from . import test_portal
from . import test_tours
from . import test_toll_tariff
from . import test_toll_tariff_matrix
from . import test_intake_profile
