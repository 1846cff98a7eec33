"""Pure rules about TAG numbers, codes and opening files; nothing of Odoo here."""
