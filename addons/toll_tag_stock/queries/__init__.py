from . import commission, opening_load, tag_check, tag_report, tag_status
