from . import test_portfolio
from . import test_collection_access
from . import test_payment_promise
from . import test_collection_agency
from . import test_write_off
from . import test_write_off_concurrency
from . import test_point_file
from . import test_point_concurrency
