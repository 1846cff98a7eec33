from . import test_toll_bridge
from . import test_toll_bridge_http
from . import test_toll_encoding_access
from . import test_toll_encoding_batch
from . import test_toll_encoding_concurrency
from . import test_toll_secret
from . import test_toll_encoder_alert
