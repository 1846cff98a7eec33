from . import toll_statement_report
