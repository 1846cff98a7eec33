from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core.ageing import is_ascending
from ..queries.portfolio import Book


class ResCompany(models.Model):
    _inherit = "res.company"

    toll_band_1 = fields.Integer(
        string="First Band Ends", default=30, help="Days overdue."
    )
    toll_band_2 = fields.Integer(
        string="Second Band Ends", default=60, help="Days overdue."
    )
    toll_band_3 = fields.Integer(
        string="Third Band Ends", default=90, help="Days overdue; older is the fourth."
    )
    toll_case_grace_days = fields.Integer(
        string="Days before a Case",
        default=0,
        help="A debt is left alone for so many days before a case opens.",
    )
    toll_case_min_amount = fields.Monetary(
        string="Least Debt of a Case",
        default=1,
        help="Smaller debts have no case; a case that falls below closes.",
    )
    toll_promise_grace_days = fields.Integer(
        string="Days of Grace of a Promise",
        default=1,
        help="Money that is on its way at the promised day still keeps the promise.",
    )
    toll_bad_debt_account_id = fields.Many2one(
        "account.account",
        string="Bad Debts",
        domain="[('account_type', 'in', ('expense', 'expense_other'))]",
        check_company=True,
        help="Where written-off debts are an expense. Made when it is needed.",
    )
    toll_write_off_limit = fields.Monetary(
        string="Accountants Write off up to",
        default=5000,
        help="Above it a manager approves.",
    )
    toll_write_off_limit_manager = fields.Monetary(
        string="Managers Write off up to", help="Zero: no limit."
    )

    _toll_collection_days = models.Constraint(
        "CHECK (toll_case_grace_days >= 0 AND toll_promise_grace_days >= 0 "
        "AND toll_case_min_amount >= 0 AND toll_write_off_limit >= 0 "
        "AND toll_write_off_limit_manager >= 0)",
        "Days and limits of collections are not negative.",
    )

    @api.constrains("toll_band_1", "toll_band_2", "toll_band_3")
    def _check_toll_bands(self):
        for company in self:
            if not is_ascending(company._toll_bands()):
                raise ValidationError(
                    self.env._("The bands of a debt's age grow: 30, 60, 90.")
                )

    def _toll_bands(self):
        """The last day of each band but the last, which is open."""
        self.ensure_one()
        return self.toll_band_1, self.toll_band_2, self.toll_band_3

    def _toll_book(self):
        """What the queries about debts must know of a company, today."""
        self.ensure_one()
        company_sudo = self.sudo()  # settings; whoever works on a case needs them
        return Book(
            company=self.id,
            today=self._toll_today(),
            tz=self._toll_tz(),
            limits=company_sudo._toll_bands(),
            min_amount=company_sudo.toll_case_min_amount,
            grace=company_sudo.toll_case_grace_days,
        )

    def _toll_get_bad_debt_account(self):
        self.ensure_one()
        if not self.toll_bad_debt_account_id:
            accounts = self.env["account.account"].with_company(self)
            neighbour = accounts.search(
                [
                    *accounts._check_company_domain(self),
                    ("account_type", "=", "expense"),
                ],
                order="code desc",
                limit=1,
            )
            if not neighbour:
                raise UserError(
                    self.env._(
                        "%s has no chart of accounts: choose the account of bad debts "
                        "in the settings.",
                        self.name,
                    )
                )
            self.toll_bad_debt_account_id = accounts.create(
                {
                    "code": accounts._search_new_account_code(
                        neighbour.with_company(self).code
                    ),
                    "name": self.env._("Bad debts of tolls"),
                    "account_type": "expense",
                    "company_ids": [fields.Command.set(self.root_id.ids)],
                }
            )
        return self.toll_bad_debt_account_id
