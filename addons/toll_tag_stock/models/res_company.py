from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    toll_opening_account_id = fields.Many2one(
        "account.account",
        string="Opening Balances Account",
        check_company=True,
        help="Counterpart of the customers' opening balances. Empty: the company's "
        "undistributed earnings.",
    )

    def _toll_stock_location(self):
        """Where the user's TAGs are: the office's shelf, or the first warehouse."""
        self.ensure_one()
        location = self.env.user.sudo().toll_office_id.toll_location_id
        if location and location.company_id in (self, self.browse()):
            return location
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.id)], limit=1
        )
        return warehouse.lot_stock_id

    def _toll_outside_location(self, usage, partner=None):
        """Where the TAGs of this partner are: the customers' or suppliers' location.

        A company's own partner stands for transit between companies in stock; its own
        TAGs (an exempt fleet) are at the customers' location like all others.
        """
        self.ensure_one()
        field = f"property_stock_{usage}"
        location = partner and partner.with_company(self)[field]
        if location and location.usage == usage:
            return location
        return self.env["stock.location"].search(
            [("usage", "=", usage), ("company_id", "in", (False, self.id))],
            order="company_id, id",
            limit=1,
        )
