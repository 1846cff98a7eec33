import base64
from datetime import timedelta
from decimal import Decimal

from odoo.fields import Command

from ..core import debit_text
from ..core.debit import Answer
from .common import CollectionsCase

IBANS = (
    "ES9121000418450200051332",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "NL91ABNA0417164300",
)
CLABES = ("032180000118359719", "012180000118359713", "072180000118359711")
PAIN_002 = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03">
<CstmrPmtStsRpt><GrpHdr><MsgId>{name}</MsgId><CreDtTm>2026-04-02T01:00:00</CreDtTm>
</GrpHdr><OrgnlPmtInfAndSts>{rows}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"""
PAIN_ROW = """<TxInfAndSts><OrgnlEndToEndId>{ref}</OrgnlEndToEndId>
<TxSts>{status}</TxSts><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf><OrgnlTxRef>
<Amt><InstdAmt Ccy="MXN">{amount:.2f}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>"""


class DebitCase(CollectionsCase):
    """Two creditors (SEPA and text), accounts with mandates, and two clerks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # steps of a run are jobs: here they run at once
        cls.env = cls.env(context={**cls.env.context, "queue_job__no_delay": True})
        cls.company = cls.company.with_env(cls.env)
        # whatever the database has, these tests collect their own
        others = cls.env["toll.payment.preference"].search([("means", "=", "debit")])
        others.active = False
        cls.company.write(
            {
                "sepa_creditor_identifier": "ES23ZZZ47690558N",
                "toll_debit_notice_days": 0,
                "toll_debit_settle_days": 5,
                "toll_debit_alarm_rate": 0,
                "toll_debit_max_tries": 2,
                "toll_topup_max": 50000,
            }
        )
        cls.sepa = cls._mode(
            "SEPA",
            "account_banking_sepa_direct_debit.sepa_direct_debit",
            "pain008",
            "ES7921000813610123456789",
        )
        cls.text = cls._mode(
            "TEXT",
            "toll_collections.account_payment_method_debit",
            "text",
            "002010077777777771",
        )
        cls.clerk = cls._user("debit_clerk", "toll_account.group_toll_billing")
        cls.Run = cls.env["toll.debit.run"]

    @classmethod
    def _mode(cls, name, method, layout, number):
        journal = cls.env["account.journal"].create(
            {
                "name": name,
                "code": name,
                "type": "bank",
                "bank_acc_number": number,
            }
        )
        method = cls.env.ref(method)
        if method not in journal.inbound_payment_method_line_ids.payment_method_id:
            journal.inbound_payment_method_line_ids = [
                Command.create({"payment_method_id": method.id, "name": name})
            ]
        return cls.env["account.payment.mode"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "bank_account_link": "fixed",
                "fixed_journal_id": journal.id,
                "payment_method_id": method.id,
                "toll_layout": layout,
                "toll_emitter": "12345",
            }
        )

    @classmethod
    def _sign(cls, account, number=IBANS[0]):
        return cls.env["account.banking.mandate"]._toll_sign(
            account, number, account.partner_id.name, "127.0.0.1", "Test"
        )

    @classmethod
    def _debtor(cls, amount=100, number=IBANS[0], mode="postpaid", days=10):
        account = cls._accounts(1, mode)
        cls._sign(account, number)
        return account, amount and cls._invoice(account, amount, days)

    def _new_run(self, mode=None, **values):
        run = self.Run.with_user(self.clerk).create(
            {
                "mode_id": (mode or self.sepa).id,
                "company_id": self.company.id,
                "date": self.today,
                "until": self.today,
                "notice_days": 0,
                **values,
            }
        )
        run.action_prepare()
        return run

    def _send(self, run):
        run.action_order()
        run.with_user(self.accountant).action_upload()
        self.env.invalidate_all()

    def _lines(self, run, *accounts):
        return run.sudo().line_ids.filtered(
            lambda d: d.account_id in self.env["toll.account"].union(*accounts)
        )

    def _file(self, run):
        return run.sudo().file_id.raw

    def _pain(self, *rows, name="P1"):
        return PAIN_002.format(
            name=name,
            rows="".join(
                PAIN_ROW.format(ref=ref, amount=amount, status=status, code=code)
                for ref, amount, status, code in rows
            ),
        ).encode()

    def _text(self, *rows):
        answers = (
            (
                Answer(
                    0, str(ref), Decimal(str(amount)), outcome, code, "", self.today
                ),
                CLABES[0],
            )
            for ref, amount, outcome, code in rows
        )
        return "".join(debit_text.write_answers(answers)).encode()

    def _load(self, content, mode=None, user=None, name="answer.xml"):
        file_id, is_new = (
            self.env["toll.debit.file"]
            .with_user(user or self.clerk)
            .load((mode or self.sepa).id, name, base64.b64encode(content).decode())
        )
        self.env.invalidate_all()
        return self.env["toll.debit.file"].browse(file_id), is_new

    def _later(self, days):
        return self.today + timedelta(days=days)

    def assertSound(self):
        self.env.flush_all()
        self.assertFalse(self.env["toll.check"]._check_debits())
        self.assertRules()
