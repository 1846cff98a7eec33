from . import toll_topup
from . import toll_refund
from . import toll_account_state_change
from . import toll_about
