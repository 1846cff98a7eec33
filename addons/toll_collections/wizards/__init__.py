from . import toll_collection_assign
from . import toll_collection_place
from . import toll_write_off_decision
from . import toll_point_decision
from . import toll_point_load
from . import toll_mandate_cancel
from . import toll_debit_load
