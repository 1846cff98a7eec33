from . import portal_debit
