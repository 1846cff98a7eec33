from . import (
    test_toll_tag_reception,
    test_toll_tag_life,
    test_toll_tag_access,
    test_toll_tag_concurrency,
    test_toll_tag_status,
    test_toll_opening_load,
    test_toll_account_merge,
    test_toll_check,
    test_toll_commission,
    test_toll_tag_views,
    test_tag_supply,
    test_tag_places,
    test_tag_rma,
    test_tag_trace,
    test_tag_label,
    test_tag_terms,
    test_tag_campaign,
)
from . import test_toll_signup
from . import test_lane_part
from . import test_tag_guards
from . import test_tag_shop
from . import test_tag_shop_pages
from . import test_tag_till
