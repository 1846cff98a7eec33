from odoo import fields, models


class TollOffice(models.Model):
    _name = "toll.office"
    _description = "Toll Office"
    _order = "code"
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one("res.partner", string="Address", ondelete="restrict")
    user_ids = fields.One2many("res.users", "toll_office_id", string="Staff")
    user_count = fields.Integer(compute="_compute_user_count")
    cash_journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', '=', 'cash'), ('company_id', '=', company_id)]",
        ondelete="restrict",
        help="The office's till. Empty: the company's top-up journal.",
    )
    card_journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', 'in', ('bank', 'credit')), ('company_id', '=', company_id)]",
        ondelete="restrict",
        help="Where card slips of this office are booked.",
    )
    transfer_journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', '=', 'bank'), ('company_id', '=', company_id)]",
        ondelete="restrict",
        help="The bank account that customers of this office transfer to.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (company_id, code)", "The company has another office with this code."
    )

    def _compute_user_count(self):
        counts = dict(
            self.env["res.users"]
            .sudo()
            ._read_group(
                [("toll_office_id", "in", self.ids)], ["toll_office_id"], ["__count"]
            )
        )
        for office in self:
            office.user_count = counts.get(office, 0)
