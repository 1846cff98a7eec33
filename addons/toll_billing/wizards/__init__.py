from . import toll_crossing_import
from . import toll_tariff_import
from . import toll_tariff_version
from . import toll_tariff_lookup
from . import toll_discount_simulation
from . import toll_operator_api_key
from . import toll_handheld_code
from . import toll_self_invoice
