from . import opening_load, tag_check, tag_status
