"""The customer signs, sees and cancels a mandate in the virtual office."""

import re

from odoo.tests import HttpCase, new_test_user, tagged

from .debit_common import IBANS


@tagged("post_install", "-at_install")
class TestDebitPortal(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        english = cls.env["res.lang"]._activate_lang("en_US")
        cls.env["website"].search([], limit=1).write(
            {"language_ids": [(4, english.id)], "default_lang_id": english.id}
        )
        cls.env.company._toll_set_up()
        cls.account, cls.stranger = (
            cls._customer(name) for name in ("Debit Ana", "Debit Ben")
        )
        new_test_user(
            cls.env,
            "portal_debit",
            groups="base.group_portal",
            partner_id=cls.account.partner_id.id,
        )

    @classmethod
    def _customer(cls, name):
        partner = cls.env["res.partner"].create({"name": name, "lang": "en_US"})
        account = cls.env["toll.account"].create(
            {"partner_id": partner.id, "payment_mode": "prepaid"}
        )
        account.action_activate()
        return account

    def _post(self, account, **values):
        page = self.url_open("/my/toll/payment").text
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        return self.url_open(
            "/my/toll/payment",
            {"csrf_token": csrf, "account": account.id, **values},
        ).text

    def test_sign_look_and_cancel_000_14(self):
        self.authenticate("portal_debit", "portal_debit")
        wrong = self._post(
            self.account, action="sign", number="ES00", holder="Ana", agree=1
        )
        self.assertIn("has a mistake", wrong)
        missing = self._post(self.account, action="sign", number=IBANS[0], holder="Ana")
        self.assertIn("Please tick", missing)
        self.assertFalse(self.account.mandate_ids)
        page = self._post(
            self.account, action="sign", number=IBANS[0], holder="Ana", agree=1
        )
        mandate = self.account.mandate_id
        self.assertEqual((mandate.state, mandate.toll_origin), ("valid", "web"))
        self.assertEqual(mandate.toll_accepted_ip, "127.0.0.1")
        self.assertTrue(mandate.toll_accepted_at and mandate.toll_accepted_agent)
        self.assertIn(self.account.number, mandate.toll_text)
        self.assertEqual(len(mandate.toll_text_hash), 64)
        self.assertIn("•••• 1332", page)
        self.assertNotIn(IBANS[0], page)
        self.assertEqual(self.account.payment_preference_ids.mapped("means"), ["debit"])
        page = self._post(
            self.account,
            action="topup",
            threshold="100",
            amount="300",
            daily_cap="300",
            agree=1,
        )
        self.assertIn("Your changes are saved", page)
        self.assertEqual(self.account.auto_topup_ids.means, "debit")
        # a stranger's account ends at the overview
        self._post(self.stranger, action="sign", number=IBANS[1], holder="X", agree=1)
        self.assertFalse(self.stranger.mandate_ids)
        self._post(self.account, action="cancel")
        self.env.invalidate_all()
        self.assertEqual(mandate.state, "cancel")
        self.assertFalse(self.account.payment_preference_ids)
