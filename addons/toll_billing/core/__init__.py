"""Pure Python: no import of odoo here. Values in, values out."""
