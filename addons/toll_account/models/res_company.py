from odoo import api, fields, models
from odoo.exceptions import UserError

# Where the deposits of customers stand, by the country's usual chart of accounts.
DEPOSIT_CODES = {"mx": "206.05.01", "generic_coa": "211500"}


class ResCompany(models.Model):
    _inherit = "res.company"

    toll_deposit_account_id = fields.Many2one(
        "account.account",
        string="Customer Deposits",
        domain="[('account_type', '=', 'liability_current')]",
        check_company=True,
        help="Money that customers have paid in and not used yet.",
    )
    toll_topup_journal_id = fields.Many2one(
        "account.journal",
        string="Top-up Journal",
        domain="[('type', 'in', ('cash', 'bank', 'credit'))]",
        check_company=True,
        help="Journal of top-ups where the office has none of its own.",
    )
    toll_topup_min = fields.Monetary(string="Least Top-up", default=50)
    toll_topup_max = fields.Monetary(string="Most Top-up", default=50000)
    toll_low_balance = fields.Monetary(
        string="Low-balance Threshold",
        default=100,
        help="Threshold of new accounts.",
    )
    toll_auto_topup_step = fields.Monetary(
        string="Automatic Top-up in Steps of",
        default=50,
        help="An amount that is learned from usage is rounded up to a multiple of it.",
    )
    toll_low_balance_days = fields.Integer(
        string="Days before Empty",
        default=5,
        help="Customers are told when their balance lasts no longer than this, at the "
        "pace of their last month.",
    )
    toll_public_lookups = fields.Integer(
        string="Look-ups per Hour",
        default=15,
        help="Quick top-ups that one address may begin in an hour. Those that end in a "
        "payment do not count, because many customers share one address behind their "
        "telephone company. IPv6 counts by network (/64). Zero: no limit.",
    )
    toll_public_misses = fields.Integer(
        string="Misses per Hour",
        default=5,
        help="Unknown TAGs or plates that one address may ask for in an hour. Then TAG "
        "and plate are needed together, or a login. Zero: no limit.",
    )
    toll_public_brake = fields.Integer(
        string="Misses of Everybody in 10 Minutes",
        default=200,
        help="When all addresses together miss as often, somebody is trying plates "
        "from many places: TAG and plate are needed together, or a login, until fewer "
        "miss. Zero: no brake.",
    )
    toll_public_messages = fields.Integer(
        string="Messages per Hour",
        default=5,
        help="Sign-ups, and complaints, that one address may send in an hour without "
        "login. Zero: no limit.",
    )
    toll_check_user_id = fields.Many2one(
        "res.users",
        string="Told of Differences",
        domain="[('share', '=', False)]",
        help="Gets an activity when a nightly check finds a difference.",
    )

    _toll_public_limits = models.Constraint(
        "CHECK (toll_public_lookups >= 0 AND toll_public_misses >= 0 "
        "AND toll_public_brake >= 0 AND toll_public_messages >= 0)",
        "A limit of the public pages is not negative; zero stands for no limit.",
    )

    @api.model
    def _toll_set_up_all(self):
        """All companies that keep books."""
        self.sudo().search([("chart_template", "!=", False)])._toll_set_up()

    def _toll_set_up_first(self):
        """Set up those that keep books and now have their first toll account."""
        # the books are the company's, whoever opens the first account
        self.sudo().filtered(
            lambda c: c.root_id.chart_template and not c.toll_deposit_account_id
        )._toll_set_up()

    def _toll_set_up(self):
        """Make what is missing for taking top-ups in these companies.

        Done when the suite is installed and when a company opens its first account:
        companies that have nothing to do with tolls keep the books they had.
        """
        for company in self.sudo():
            root = company.root_id
            if not root.toll_deposit_account_id:
                root.toll_deposit_account_id = root._toll_create_deposit_account()
            if not company.toll_deposit_account_id:  # a branch shares it
                company.toll_deposit_account_id = root.toll_deposit_account_id
            if not company.toll_topup_journal_id:
                company.toll_topup_journal_id = company._toll_get_topup_journal("cash")

    def _toll_create_deposit_account(self):
        self.ensure_one()
        accounts = self.env["account.account"].with_company(self)
        neighbour = accounts.search(
            [
                *accounts._check_company_domain(self),
                ("account_type", "=", "liability_current"),
            ],
            limit=1,
        )
        start = DEPOSIT_CODES.get(self.chart_template, neighbour.code or "211500")
        return accounts.create(
            {
                "code": accounts._search_new_account_code(start),
                "name": self.env._("Customer deposits for tolls"),
                "account_type": "liability_current",
                "reconcile": True,
                "company_ids": [fields.Command.set(self.ids)],
            }
        )

    def _toll_get_deposit_account(self):
        self.ensure_one()
        if not self.toll_deposit_account_id:
            raise UserError(
                self.env._(
                    "Choose the customer-deposit account of %(company)s in the "
                    "settings.",
                    company=self.name,
                )
            )
        return self.toll_deposit_account_id

    def _toll_get_topup_journal(self, method="cash"):
        """The company's journal for money that comes in this way."""
        self.ensure_one()
        journals = self.env["account.journal"].sudo()
        types = ("cash", "bank") if method == "cash" else ("bank", "credit", "cash")
        chosen = self.toll_topup_journal_id
        if chosen and (method == "cash") == (chosen.type == "cash"):
            return chosen
        for kind in types:
            found = journals.search(
                [
                    *journals._check_company_domain(self),
                    ("type", "=", kind),
                    ("inbound_payment_method_line_ids", "!=", False),
                ],
                limit=1,
            )
            if found:
                return found
        return chosen

    def _toll_set_up_demo(self):
        """Give the demo provider a journal, so that online top-ups can be tried."""
        provider = self.env.ref("payment.payment_provider_demo")
        if not provider.journal_id:
            provider.journal_id = self._toll_get_topup_journal("online")

    def _toll_tz(self):
        """Time zone in which this company's days begin and end."""
        self.ensure_one()
        operator = (
            self.env["toll.operator"]
            .sudo()
            .search(
                [("is_issuer", "=", True), ("company_id", "in", (self.id, False))],
                order="company_id, id",
                limit=1,
            )
        )
        return self.partner_id.sudo().tz or operator.tz or "UTC"

    def _toll_today(self):
        self.ensure_one()
        return fields.Datetime.context_timestamp(
            self.with_context(tz=self._toll_tz()), fields.Datetime.now()
        ).date()
