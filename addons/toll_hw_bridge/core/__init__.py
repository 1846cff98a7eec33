"""Pure rules of encoding: messages, outcomes, keys and passwords; no Odoo here."""
