"""Pure rules of collecting: who gets which case, and age bands; no Odoo here."""
