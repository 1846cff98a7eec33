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

    toll_guarantee_account_id = fields.Many2one(
        "account.account",
        string="TAG Guarantees",
        domain="[('account_type', 'in', ('liability_current', "
        "'liability_non_current'))]",
        check_company=True,
        help="Guarantees of TAGs that customers have on deposit. Empty: made when the "
        "first one is taken.",
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

    def _toll_workshop(self):
        """Where broken lane parts go: the company's workshop, if it has one."""
        self.ensure_one()
        return self.env["stock.location"].search(
            [
                ("toll_place_kind", "=", "workshop"),
                ("company_id", "in", (False, self.id)),
            ],
            order="company_id, id",
            limit=1,
        )

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

    def _toll_get_guarantee_account(self):
        self.ensure_one()
        if not self.toll_guarantee_account_id:
            deposits = self._toll_get_deposit_account()
            accounts = self.env["account.account"].sudo().with_company(self)
            self.sudo().toll_guarantee_account_id = accounts.create(
                {
                    "code": accounts._search_new_account_code(deposits.code),
                    "name": self.env._("Guarantees of TAGs"),
                    "account_type": "liability_current",
                    "company_ids": [fields.Command.set(self.ids)],
                }
            )
        return self.toll_guarantee_account_id
