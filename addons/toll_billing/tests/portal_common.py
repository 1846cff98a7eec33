"""Two customers, two operators and their users, for HTTP tests."""

import re
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user

TZ = "America/Mexico_City"
PRICE = 149.0


class TollHttpCommon(HttpCase):
    """Loads what it needs itself; no demo data."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        # The tests read screens; they say in which language.
        english = cls.env["res.lang"]._activate_lang("en_US")
        website = cls.env["website"].search([], limit=1)
        website.write(
            {"language_ids": [(4, english.id)], "default_lang_id": english.id}
        )
        cls.auto = cls.env["toll.vehicle.class"].search([("code", "=", "AUTO")])
        cls.operator, cls.plaza = cls._make_operator("TSTA")
        cls.other_operator, cls.other_plaza = cls._make_operator("TSTB")
        cls.tariff = cls.env["toll.tariff"].create(
            {
                "operator_id": cls.operator.id,
                "version": "TEST",
                "valid_from": "2020-01-01",
                "rate_ids": [
                    Command.create(
                        {
                            "plaza_id": cls.plaza.id,
                            "class_id": cls.auto.id,
                            "amount": PRICE,
                        }
                    )
                ],
            }
        )
        cls.tariff.action_activate()
        cls.account, cls.vehicle = cls._make_customer("Ana Ruiz", "TSA0001")
        cls.stranger, cls.stranger_vehicle = cls._make_customer("Ben Soto", "TSB0002")
        cls.user = cls._make_portal_user("portal_ana", cls.account)
        cls.stranger_user = cls._make_portal_user("portal_ben", cls.stranger)
        cls.account.top_up(1000, ref="TEST-ANA")
        cls.stranger.top_up(1000, ref="TEST-BEN")

    @classmethod
    def _make_operator(cls, code):
        operator = cls.env["toll.operator"].create(
            {
                "code": code,
                "name": f"Autopista {code}",
                "is_charger": True,
                "state": "authorised",
                "tz": TZ,
                "class_map_ids": [
                    Command.create({"code": "A", "class_id": cls.auto.id})
                ],
            }
        )
        plaza = cls.env["toll.plaza"].create(
            {
                "code": f"P{code}",
                "name": f"Caseta {code}",
                "operator_id": operator.id,
                "kind": "open",
                "tz": TZ,
            }
        )
        cls.env["toll.lane"].create({"plaza_id": plaza.id, "code": "01", "position": 1})
        return operator, plaza

    @classmethod
    def _make_customer(cls, name, plate):
        partner = cls.env["res.partner"].create({"name": name, "lang": "en_US"})
        account = cls.env["toll.account"].create(
            {"partner_id": partner.id, "payment_mode": "prepaid"}
        )
        vehicle = cls.env["toll.vehicle"].create(
            {
                "account_id": account.id,
                "plate": plate,
                "class_id": cls.auto.id,
                "date_from": "2020-01-01 00:00:00",
            }
        )
        account.action_activate()
        return account, vehicle

    @classmethod
    def _hold_pack(cls, account, **values):
        """A pack that somebody bought; everybody may buy another one."""
        cls.env.company._toll_set_up()
        offer = cls.env["toll.pack"].create(
            {
                "name": "Two Crossings",
                "code": f"TWO{account.id}",
                "crossings_given": 2,
                "price": 50,
                "is_public": True,
                "date_from": "2020-01-01",
                **values,
            }
        )
        offer.plan_id.state = "approved"
        return account._buy_pack(offer, account.vehicle_ids[:1])

    @classmethod
    def _make_portal_user(cls, login, account):
        return new_test_user(
            cls.env,
            login,
            name=account.partner_id.name,
            groups="base.group_portal",
            partner_id=account.partner_id.id,
            tz=TZ,
        )

    @classmethod
    def _event(cls, ref, vehicle=None, minutes=5, **values):
        moment = fields.Datetime.now() - timedelta(minutes=minutes)
        return {
            "ref": ref,
            "occurred_at": f"{moment.isoformat()}+00:00",
            "plaza": cls.plaza.code,
            "lane": "01",
            "plate": (vehicle or cls.vehicle).plate,
            "class": "A",
            **values,
        }

    @classmethod
    def _post_events(cls, events, operator=None):
        """Through the same door as the API; returns the crossings in order."""
        fates = cls.env["toll.crossing.batch"]._post_events(
            operator or cls.operator, events
        )
        return cls.env["toll.crossing"].browse([fate["id"] for fate in fates])

    def _post(self, path, **data):
        form = self.url_open(path).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        return self.url_open(path, data={"csrf_token": found[1], **data})
