from odoo import fields, models


class TollExemption(models.Model):
    _inherit = "toll.exemption"

    currency_id = fields.Many2one(related="account_id.currency_id")
    crossing_count = fields.Integer(
        string="Free Crossings", compute="_compute_crossings"
    )
    amount_forgone = fields.Monetary(
        string="Forgone",
        compute="_compute_crossings",
        help="What its crossings would have cost.",
    )

    def _compute_crossings(self):
        groups = self.env["toll.crossing"]._read_group(
            self._crossing_domain(),
            ["exemption_id"],
            ["__count", "amount_discount:sum"],
        )
        figures = {exemption.id: found for exemption, *found in groups}
        for exemption in self:
            count, amount = figures.get(exemption._origin.id, (0, 0))
            exemption.crossing_count = count
            exemption.amount_forgone = amount

    def _crossing_domain(self):
        return [
            ("exemption_id", "in", self._origin.ids),
            ("state", "=", "posted"),
        ]

    def action_open_crossings(self):
        """The crossings that these exemptions let pass."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_crossing_action"
        )
        return action | {
            "domain": self._crossing_domain(),
            "context": {"create": False},
        }
