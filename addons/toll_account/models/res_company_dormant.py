from odoo import fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "res.company"

    toll_dormant_months = fields.Integer(
        string="Months until Dormant",
        default=24,
        help="Without any movement in the wallet. 0: never.",
    )
    toll_dormant_notice_days = fields.Integer(
        string="Days of Notice",
        default=60,
        help="Between telling the customer and setting the money apart.",
    )
    toll_dormant_account_id = fields.Many2one(
        "account.account",
        string="Unclaimed Balances",
        domain="[('account_type', '=', 'liability_current')]",
        check_company=True,
        help="Money of customers who cannot be found. Made when it is needed.",
    )

    def _toll_get_dormant_account(self):
        self.ensure_one()
        if not self.toll_dormant_account_id:
            deposit = self._toll_get_deposit_account()
            accounts = self.env["account.account"].with_company(self)
            self.toll_dormant_account_id = accounts.create(
                {
                    "code": accounts._search_new_account_code(
                        deposit.with_company(self).code
                    ),
                    "name": self.env._("Unclaimed balances of tolls"),
                    "account_type": "liability_current",
                    "company_ids": [fields.Command.set(self.ids)],
                }
            )
        return self.toll_dormant_account_id

    def _toll_get_general_journal(self):
        self.ensure_one()
        journals = self.env["account.journal"]
        journal = journals.search(
            [*journals._check_company_domain(self), ("type", "=", "general")], limit=1
        )
        if not journal:
            raise UserError(
                self.env._("%s has no journal for general entries.", self.name)
            )
        return journal
