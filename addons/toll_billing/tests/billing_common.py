from datetime import date, datetime, timedelta

from odoo.tests import TransactionCase, new_test_user

UNTIL = date(2026, 3, 1)


class BillingCase(TransactionCase):
    """Accounts with crossings of February 2026, written straight into the table.

    ``operator_a`` and ``operator_b`` charge the services toll and parking. The helper
    ``_cross`` posts crossings as the loader does: nothing else writes them.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env.company
        cls.company._toll_set_up()
        cls.currency = cls.company.currency_id
        cls.env["toll.service"].search([])._ensure_company_taxes()
        cls.billing_user = new_test_user(
            cls.env, "toll_billing_clerk", groups="toll_account.group_toll_billing"
        )
        cls.agent = new_test_user(
            cls.env, "toll_billing_agent", groups="toll_account.group_toll_agent"
        )
        cls.operator_a, cls.operator_b = cls.env["toll.operator"].create(
            [
                {
                    "code": code,
                    "name": f"Roads {code}",
                    "is_charger": True,
                    "tz": "America/Mexico_City",
                    "state": "authorised",
                }
                for code in ("OPA", "OPB")
            ]
        )
        cls.plaza_a, cls.plaza_b = cls.env["toll.plaza"].create(
            [
                {
                    "code": "P1",
                    "name": f"Plaza {operator.code}",
                    "operator_id": operator.id,
                    "kind": "open",
                    "tz": "America/Mexico_City",
                }
                for operator in (cls.operator_a, cls.operator_b)
            ]
        )
        cls.vehicle_class = cls.env["toll.vehicle.class"].search(
            [], limit=1
        ) or cls.env["toll.vehicle.class"].create(
            {"code": "AUTO", "name": "Car", "axles": 2}
        )
        cls.cycle = cls.env["toll.billing.cycle"].create(
            {"name": "Test", "code": "TESTCYCLE", "days": "1"}
        )
        cls.env["toll.crossing"]._ensure_months(
            [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
        )
        cls.crossing_number = 0

    @classmethod
    def _accounts(cls, count, payment_mode="postpaid", cycle=None, **values):
        """Active accounts of as many customers."""
        # the context keeps chatter out, as the opening load does
        partners = cls.env["res.partner"].create(
            [
                {
                    "name": f"Customer {payment_mode} {n:04d}",
                    "lang": "en_US",
                    "country_id": cls.company.country_id.id,
                    **values,
                }
                for n in range(count)
            ]
        )
        return cls.env["toll.account"].create(
            [
                {
                    "partner_id": partner.id,
                    "payment_mode": payment_mode,
                    "state": "active",
                    "company_id": cls.company.id,
                    "billing_cycle_id": (cycle or cls.cycle).id,
                }
                for partner in partners
            ]
        )

    @classmethod
    def _cross(cls, account, amount, plaza=None, service="toll", at=None, discount=0):
        """One posted crossing, as the loader leaves it."""
        cls._cross_many([(account, amount, plaza, service, at, discount)])

    @classmethod
    def _cross_many(cls, rows):
        rows = [
            (
                account,
                amount,
                plaza or cls.plaza_a,
                service,
                at or datetime(2026, 2, 10, 18) + timedelta(minutes=n),
                discount,
            )
            for n, (account, amount, plaza, service, at, discount) in enumerate(rows)
        ]
        cls.env.flush_all()
        for account, amount, plaza, service, at, discount in rows:
            cls.crossing_number += 1
            cls.env.cr.execute(
                """
                INSERT INTO toll_crossing_data (
                    occurred_at, posted_at, company_id, operator_id, batch_id, line,
                    plaza_id, account_id, class_id, currency_id, amount,
                    amount_discount, state, service, ref, plate)
                VALUES (%s, %s, %s, %s, 0, %s, %s, %s, %s, %s, %s, %s, 'posted', %s, %s,
                        'TST123')
                """,
                [
                    at,
                    at,
                    account.company_id.id,
                    plaza.operator_id.id,
                    cls.crossing_number,
                    plaza.id,
                    account.id,
                    cls.vehicle_class.id,
                    account.currency_id.id,
                    amount,
                    discount,
                    service,
                    f"REF{cls.crossing_number}",
                ],
            )
            cls.env.cr.execute(
                "INSERT INTO toll_wallet_pending (account_id, amount) VALUES (%s, %s)",
                [account.id, discount - amount],
            )
        cls.env.invalidate_all()

    @classmethod
    def _run(cls, until=UNTIL, **values):
        return cls.env["toll.billing.run"].create(
            {
                "cycle_id": cls.cycle.id,
                "company_id": cls.company.id,
                "until": until,
                **values,
            }
        )

    @classmethod
    def _billed(cls, **values):
        """A run that was computed, reviewed and invoiced."""
        run = cls._run(**values)
        run.action_compute()
        run.action_review()
        run.action_confirm()
        return run

    def assertRules(self):
        """Every rule that can be proved in this world holds."""
        failed = {
            result["code"]: result["differences"]
            for result in self.env["toll.check"].run()
            if result["code"] in ("4", "5") or result["code"].startswith("billing")
            if not result["ok"]
        }
        self.assertFalse(failed)

    def _receivable(self, move):
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
