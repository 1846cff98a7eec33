from . import toll_topup
from . import toll_refund
from . import toll_account_state_change
from . import toll_about
from . import toll_account_merge
from . import toll_vehicle_registry_import
from . import toll_vehicle_import
