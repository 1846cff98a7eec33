from . import toll_tag_assign
from . import toll_tag_end
from . import toll_tag_replace
from . import toll_tag_reception
from . import toll_opening_wizard
from . import toll_tag_label
from . import toll_tag_scan
from . import toll_signup
