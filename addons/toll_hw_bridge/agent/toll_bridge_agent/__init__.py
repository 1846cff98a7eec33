"""The program beside a TAG encoder: by hand, or serving Odoo."""

__version__ = "1.1.0"
