from odoo import api, fields, models


class TollRemittanceTier(models.Model):
    _name = "toll.remittance.tier"
    _description = "Tier of a Remittance Fee"
    _order = "agreement_id, amount_from"
    _rec_name = "rate"

    agreement_id = fields.Many2one(
        "toll.remittance.agreement", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="agreement_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="agreement_id.currency_id")
    amount_from = fields.Monetary(string="From", required=True)
    rate = fields.Float(string="Fee (%)", required=True, digits=(16, 4))

    _rate_sane = models.Constraint(
        "CHECK (rate BETWEEN 0 AND 100 AND amount_from >= 0)",
        "A tier is a percentage from an amount on.",
    )
    _once = models.Constraint(
        "UNIQUE (agreement_id, amount_from)", "Two tiers begin at the same amount."
    )

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        tiers.agreement_id._check_open()
        return tiers

    def write(self, vals):
        self.agreement_id._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.agreement_id._check_open()


class TollOperator(models.Model):
    _inherit = "toll.operator"  # pylint: disable=consider-merging-classes-inherited

    remittance_agreement_ids = fields.One2many(
        "toll.remittance.agreement", "operator_id", string="Remittance Agreements"
    )
    remittance_count = fields.Integer(
        string="Remittances", compute="_compute_remittance_count"
    )

    def _compute_remittance_count(self):
        counts = dict(
            self.env["toll.remittance"]._read_group(
                [("operator_id", "in", self.ids)], ["operator_id"], ["__count"]
            )
        )
        for operator in self:
            operator.remittance_count = counts.get(operator._origin, 0)

    def action_view_remittances(self):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_remittance_action"
        )
        return action | {
            "domain": [("operator_id", "=", self.id)],
            "context": {"search_default_group_period": 0},
        }
