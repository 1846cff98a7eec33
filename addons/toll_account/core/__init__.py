"""Pure Python: no import of odoo here."""
