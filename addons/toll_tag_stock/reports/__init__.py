from . import toll_tag_defect_report
