"""Bank debit came with this version, and with it OCA's payment modes."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    api.Environment(cr, SUPERUSER_ID, {})["res.company"]._toll_keep_partner_banks()
