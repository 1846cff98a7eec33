from odoo import fields, models


class TollAccount(models.Model):
    """Quotations, orders and claims of an account, on its form."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    order_count = fields.Integer(string="Orders", compute="_compute_order_count")
    claim_count = fields.Integer(string="Claims", compute="_compute_claim_count")

    def _compute_order_count(self):
        # of the orders that the user may see; the front office need not sell
        counts = {}
        if self.env["sale.order"].has_access("read"):
            counts = self._count_by_account("sale.order", "toll_account_id")
        for account in self:
            account.order_count = counts.get(account._origin.id, 0)

    def _compute_claim_count(self):
        counts = self._count_by_account(
            "toll.request", "account_id", [("type_id.effect", "=", "claim")]
        )
        for account in self:
            account.claim_count = counts.get(account._origin.id, 0)

    def action_view_orders(self):
        self.ensure_one()
        values = self._open_records("sale.action_orders", field="toll_account_id")
        partner = self.partner_id
        return dict(
            values, context={**values["context"], "default_partner_id": partner.id}
        )

    def action_view_claims(self):
        self.ensure_one()
        values = self._open_records("toll_account.toll_request_action")
        return dict(
            values,
            domain=[("account_id", "=", self.id), ("type_id.effect", "=", "claim")],
            context={},
        )

    def action_quote_works(self):
        """A quotation with the works of the template, for this account."""
        self.ensure_one()
        return self.env["sale.order"]._toll_quote(
            "toll_account.sale_order_template_works",
            {
                "partner_id": self.partner_id.id,
                "toll_account_id": self.id,
                "company_id": self.company_id.id,
            },
        )
