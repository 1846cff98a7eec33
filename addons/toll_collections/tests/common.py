from datetime import datetime, timedelta

from odoo import fields
from odoo.tests import freeze_time, new_test_user

from odoo.addons.toll_billing.tests.billing_common import BillingCase


class CollectionsCase(BillingCase):
    """A company with a team of two collectors, and customers who pay late.

    ``today`` is the company's day; invoices are made by ``_invoice`` so many days
    overdue, wallets brought below zero by ``_overdraw``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # at noon of the company: no test sees two days
        noon = fields.Datetime.now().replace(hour=18, minute=0, second=0)
        cls.startClassPatcher(freeze_time(noon))
        # whatever the database has, it is not part of these tests
        cls.env["toll.portfolio.segment"].search([]).active = False
        cls.company.write(
            {
                "toll_band_1": 30,
                "toll_band_2": 60,
                "toll_band_3": 90,
                "toll_case_min_amount": 1,
                "toll_case_grace_days": 0,
                "toll_promise_grace_days": 1,
                "toll_write_off_limit": 1000,
                "toll_write_off_limit_manager": 0,
            }
        )
        cls.today = cls.company._toll_today()
        cls.Case = cls.env["toll.collection.case"]
        roles = "toll_collections.group_toll_"
        cls.supervisor = cls._user("supervisor", f"{roles}collection_supervisor")
        cls.collector = cls._user("collector", f"{roles}collector")
        cls.colleague = cls._user("colleague", f"{roles}collector")
        cls.accountant = cls._user("accountant", "toll_account.group_toll_accountant")
        cls.manager = cls._user("manager", "toll_account.group_toll_manager")
        cls.team = cls.env["toll.collection.team"].create(
            {
                "name": "Test Team",
                "method": "count",
                "member_ids": [
                    fields.Command.create({"user_id": user.id})
                    for user in (cls.collector, cls.colleague)
                ],
            }
        )

    @classmethod
    def _user(cls, name, groups):
        return new_test_user(cls.env, f"toll_collections_{name}", groups=groups)

    @classmethod
    def _segment(cls, name="All", **values):
        return cls.env["toll.portfolio.segment"].create({"name": name, **values})

    @classmethod
    def _invoice(cls, account, amount, days=10, **values):
        """A posted invoice without tax, overdue for so many days."""
        due = cls.today - timedelta(days=days)
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": account.partner_id.id,
                "toll_account_id": account.id,
                "invoice_date": due,
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    fields.Command.create(
                        {"name": "Toll", "price_unit": amount, "tax_ids": False}
                    )
                ],
                **values,
            }
        )
        move._post(soft=False)
        return move

    @classmethod
    def _pay(cls, move, amount=None, days_ago=0):
        """Register a payment of the invoice, dated so many days ago."""
        cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create(
            {
                "amount": amount or move.amount_residual,
                "payment_date": cls.today - timedelta(days=days_ago),
            }
        )._create_payments()

    @classmethod
    def _overdraw(cls, account, amount, days=10):
        """Crossings without money, so many days ago."""
        day = cls.today - timedelta(days=days)
        cls.env["toll.crossing"]._ensure_months([day.replace(day=1)])
        cls._cross(account, amount, at=datetime(day.year, day.month, day.day, 18))

    @classmethod
    def _refresh(cls, accounts=None):
        cls.env.invalidate_all()
        return cls.Case._refresh(cls.company, accounts)

    @classmethod
    def _case(cls, account):
        return cls.Case.search(
            [("account_id", "=", account.id), ("state", "=", "open")]
        )

    @classmethod
    def _open_case(cls, amount=100, days=10, user=None, **values):
        """The case of a new postpaid account with one overdue invoice."""
        account = cls._accounts(1, "postpaid", **values)
        cls._invoice(account, amount, days)
        cls._refresh(account)
        case = cls._case(account)
        if user:
            case.write({"user_id": user.id, "team_id": cls.team.id})
        return case

    def _promise(self, case, amount, days=3, user=None, **values):
        return (
            self.env["toll.payment.promise"]
            .with_user(user or self.env.user)
            .create(
                {
                    "case_id": case.id,
                    "amount": amount,
                    "date": self.today + timedelta(days=days),
                    **values,
                }
            )
        )

    def _move_back(self, promise, days):
        """Let a promise have been made so many days earlier."""
        promise.write(
            {
                "made_at": promise.made_at - timedelta(days=days),
                "date": promise.date - timedelta(days=days),
            }
        )
        for line in promise.line_ids:
            line.date -= timedelta(days=days)
        self.env.flush_all()
