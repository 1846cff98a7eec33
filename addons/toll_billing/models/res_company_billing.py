from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    toll_invoice_journal_id = fields.Many2one(
        "account.journal",
        domain="[('type', '=', 'sale')]",
        check_company=True,
        help="Empty: the first sales journal.",
    )
    toll_settlement_journal_id = fields.Many2one(
        "account.journal",
        string="Deposit Settlement Journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
        help="Entries that pay invoices from prepaid deposits. Empty: the first "
        "miscellaneous journal.",
    )
    toll_verify_sample = fields.Integer(
        string="Invoices Verified per Run",
        default=2,
        help="So many invoices of each mass run are made again through the ordinary "
        "way and compared column by column; a difference sends the whole chunk that "
        "way. 0 switches it off.",
    )
    toll_read_rate = fields.Float(
        string="Least Read Rate (%)",
        default=90,
        digits=(5, 1),
        help="A lane that identifies a smaller share of a day's crossings by TAG gets "
        "an activity. 0: no alerts.",
    )
    toll_lane_user_id = fields.Many2one(
        "res.users",
        string="Responsible for Lanes",
        domain="[('share', '=', False)]",
        help="Who is told about lanes that read badly.",
    )

    def _toll_set_up(self):
        """The toll services also need a tax that is part of the price."""
        result = super()._toll_set_up()
        # the products and taxes of other companies' services as well
        companies = self | self.root_id
        self.env["toll.service"].sudo()._ensure_company_taxes(companies)
        return result

    def _toll_first_journal(self, journal_type):
        Journal = self.env["account.journal"].sudo()
        return Journal.search(
            [*Journal._check_company_domain(self), ("type", "=", journal_type)], limit=1
        )

    def _toll_get_invoice_journal(self):
        self.ensure_one()
        return self.sudo().toll_invoice_journal_id or self._toll_first_journal("sale")

    def _toll_get_settlement_journal(self):
        self.ensure_one()
        return self.sudo().toll_settlement_journal_id or self._toll_first_journal(
            "general"
        )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    toll_invoice_journal_id = fields.Many2one(
        related="company_id.toll_invoice_journal_id", readonly=False
    )
    toll_settlement_journal_id = fields.Many2one(
        related="company_id.toll_settlement_journal_id", readonly=False
    )
    toll_verify_sample = fields.Integer(
        related="company_id.toll_verify_sample", readonly=False
    )
    toll_read_rate = fields.Float(related="company_id.toll_read_rate", readonly=False)
    toll_lane_user_id = fields.Many2one(
        related="company_id.toll_lane_user_id", readonly=False
    )
