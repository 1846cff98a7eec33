from odoo import api, fields, models


class TollDiscountTier(models.Model):
    """From this crossing or amount on, so many percent; it reaches to the next step."""

    _name = "toll.discount.tier"
    _description = "Step of a Discount Plan"
    _order = "plan_id, start, id"
    _rec_name = "start"

    plan_id = fields.Many2one(
        "toll.discount.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    start = fields.Float(
        string="From",
        required=True,
        digits=(16, 2),
        help="Number of the first crossing of this step, or the amount above which it "
        "begins.",
    )
    percent = fields.Float(string="Percent Off", required=True, digits=(5, 2))

    _percent_sane = models.Constraint(
        "CHECK (percent > 0 AND percent <= 100)",
        "The percentage of a step is more than 0 and at most 100.",
    )
    _start_uniq = models.Constraint(
        "UNIQUE (plan_id, start)", "Two steps begin at the same place."
    )
    _start_sane = models.Constraint(
        "CHECK (start >= 0)", "A step does not begin below zero."
    )

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        tiers._check_open()
        return tiers

    def write(self, vals):
        self._check_open()
        result = super().write(vals)
        for plan in self.plan_id.filtered(lambda p: p.kind == "volume"):
            plan._check_steps()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        self._check_open()

    def _check_open(self):
        if not self.env.su:
            self.plan_id._check_draft()
