from odoo import fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    toll_point_account_id = fields.Many2one(
        "account.account",
        string="Payments to Identify",
        domain="[('account_type', '=', 'liability_current')]",
        check_company=True,
        help="Money of collection points whose account is not known yet. Made when it "
        "is needed.",
    )

    def _toll_get_point_account(self):
        self.ensure_one()
        if not self.toll_point_account_id:
            deposit = self._toll_get_deposit_account()
            accounts = self.env["account.account"].with_company(self)
            self.toll_point_account_id = accounts.create(
                {
                    "code": accounts._search_new_account_code(
                        deposit.with_company(self).code
                    ),
                    "name": self.env._("Toll payments to identify"),
                    "account_type": "liability_current",
                    "company_ids": [fields.Command.set(self.root_id.ids)],
                }
            )
        return self.toll_point_account_id


class TollPointNetwork(models.Model):
    _inherit = "toll.point.network"

    def _get_receivable(self):
        """Where the network owes what it has collected."""
        self.ensure_one()
        partner = self.partner_id.with_company(self.company_id)
        account = partner.property_account_receivable_id
        if not account:
            raise UserError(
                self.env._("Choose the receivable account of %s.", partner.name)
            )
        return account
