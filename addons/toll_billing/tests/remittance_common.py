from odoo import Command
from odoo.tests import freeze_time, new_test_user

from .test_concession import ConcessionCase


class RemittanceCase(ConcessionCase):
    """Agreements with the operator of the tests; March 2026 is over."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reviewer = cls.biller
        cls.other_manager = new_test_user(
            cls.env, "toll_manager_2", groups="toll_account.group_toll_manager"
        )
        cls.contact = cls.env["res.partner"].create(
            {"name": "Test Roads Ltd", "is_company": True}
        )
        cls.operator.partner_id = cls.contact
        Account = cls.env["account.account"]
        cls.money_account, cls.guarantee_account = Account.create(
            [
                {
                    "name": name,
                    "code": code,
                    "account_type": "liability_current",
                    "company_ids": [Command.link(cls.company.id)],
                }
                for name, code in (("Operators", "TR0001"), ("Guarantees", "TR0002"))
            ]
        )
        cls.fee_tax = cls.env["account.tax"].create(
            {
                "name": "Fee 16 %",
                "amount": 16,
                "type_tax_use": "sale",
                "price_include_override": "tax_excluded",
                "company_id": cls.company.id,
            }
        )

    @classmethod
    def _agreement(cls, **values):
        return cls.env["toll.remittance.agreement"].create(
            {
                "code": "A1",
                "operator_id": cls.operator.id,
                "date_from": "2026-01-01",
                "account_id": cls.money_account.id,
                "guarantee_account_id": cls.guarantee_account.id,
                "fee_tax_ids": [Command.set(cls.fee_tax.ids)],
                **values,
            }
        )

    def _remit(self, agreement, day="2026-03-15"):
        record = (
            self.env["toll.remittance"]
            .with_user(self.reviewer)
            .create({"agreement_id": agreement.id, "day": day})
        )
        record.action_compute()
        return record

    def _confirm(self, record):
        record.action_ask()
        record.with_user(self.manager).action_approve()
        record.invalidate_recordset()
        return record.with_env(self.env)

    def _usage(self, records):
        """{(period, service, plaza, class): (crossings, amount)}."""
        found = {}
        for line in records.line_ids:
            if line.concept in ("usage", "volume", "credit"):
                key = (
                    str(line.date_from),
                    line.service,
                    line.plaza_id.code,
                    line.class_id.code,
                )
                count, amount = found.get(key, (0, 0))
                found[key] = (count + line.crossings, round(amount + line.amount, 2))
        return {key: figures for key, figures in found.items() if any(figures)}

    def _check(self, code="remittance"):
        (result,) = (r for r in self.env["toll.check"].run() if r["code"] == code)
        return result["differences"]

    def _file(self, action):
        number = int(action["url"].split("/")[3].split("?")[0])
        return self.env["ir.attachment"].browse(number).raw

    def _confirm_later(self, record):
        with freeze_time("2026-05-02 12:00:00"):
            record.action_compute()
            return self._confirm(record)

    def _bill(self, account, until="2026-04-01"):
        run = self.env["toll.billing.run"].create(
            {"account_id": account.id, "until": until}
        )
        run.action_compute()
        run.action_review()
        run.action_confirm()
        return run

    def _pay(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount})._create_payments()

    def _write_off(self, invoice, amount):
        owed = invoice.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        expense = self.env["account.account"].search(
            [
                *self.env["account.account"]._check_company_domain(self.company),
                ("account_type", "=", "expense"),
            ],
            limit=1,
        )
        entry = self.env["account.move"].create(
            {
                "line_ids": [
                    Command.create({"account_id": expense.id, "debit": amount}),
                    Command.create(
                        {
                            "account_id": owed.account_id.id,
                            "partner_id": owed.partner_id.id,
                            "credit": amount,
                        }
                    ),
                ]
            }
        )
        entry.action_post()
        counterpart = entry.line_ids.filtered("credit")
        (owed | counterpart).reconcile()
