import base64
from datetime import date, timedelta

from odoo import Command, fields
from odoo.tests import TransactionCase, new_test_user

HEADER = (
    "operator,ref,occurred_at,plaza,lane,tag,plate,class,direction,entry_plaza,"
    "entry_at,service,amount,currency,status"
)


class TollBillingCommon(TransactionCase):
    """A small toll world: one road of three plazas, three customers, one tariff.

    ``operator`` T1 charges AUTO 100.00 and C2 250.00 at plaza P1, AUTO 50.00 and C2
    125.00 at P2; P3 has no tariff. Accounts: ``prepaid`` (TAG and AUTO), ``postpaid``
    (TAG and C2), ``plate_only`` (AUTO without TAG).
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env.company
        cls.now = fields.Datetime.now()
        cls.noon = (cls.now - timedelta(days=2)).replace(hour=18, minute=0, second=0)
        cls.analyst = new_test_user(
            cls.env, "toll_analyst", groups="toll_account.group_toll_analyst"
        )
        cls.agent = new_test_user(
            cls.env, "toll_agent", groups="toll_account.group_toll_agent"
        )
        cls._create_network()
        cls._create_tariff()
        cls._create_customers()

    @classmethod
    def _create_network(cls):
        Class = cls.env["toll.vehicle.class"]
        cls.auto = Class.search([("code", "=", "AUTO")]) or Class.create(
            {"code": "AUTO", "name": "Car", "axles": 2}
        )
        cls.truck = Class.search([("code", "=", "C2")]) or Class.create(
            {"code": "C2", "name": "Truck, 2 axles", "axles": 2}
        )
        cls.operator = cls.env["toll.operator"].create(
            {
                "code": "T1",
                "name": "Test Roads",
                "is_charger": True,
                "tz": "America/Mexico_City",
                "state": "authorised",
                "currency_id": cls.company.currency_id.id,
                "class_map_ids": [
                    Command.create({"code": "A", "class_id": cls.auto.id}),
                    Command.create({"code": "C", "class_id": cls.truck.id}),
                ],
            }
        )
        cls.plaza, cls.plaza_2, cls.plaza_3 = cls.env["toll.plaza"].create(
            [
                {
                    "code": code,
                    "name": f"Plaza {code}",
                    "operator_id": cls.operator.id,
                    "kind": "open",
                    "tz": "America/Mexico_City",
                }
                for code in ("P1", "P2", "P3")
            ]
        )
        cls.env["toll.lane"].create(
            [
                {"plaza_id": plaza.id, "code": f"L{number}", "position": number}
                for plaza in (cls.plaza, cls.plaza_2, cls.plaza_3)
                for number in (1, 2)
            ]
        )

    @classmethod
    def _create_tariff(cls):
        cls.tariff = cls.env["toll.tariff"].create(
            {
                "operator_id": cls.operator.id,
                "version": "2020",
                "valid_from": date(2020, 1, 1),
                "currency_id": cls.company.currency_id.id,
                "rate_ids": [
                    Command.create(
                        {
                            "plaza_id": plaza.id,
                            "class_id": vehicle_class.id,
                            "amount": amount,
                        }
                    )
                    for plaza, vehicle_class, amount in (
                        (cls.plaza, cls.auto, 100),
                        (cls.plaza, cls.truck, 250),
                        (cls.plaza_2, cls.auto, 50),
                        (cls.plaza_2, cls.truck, 125),
                    )
                ],
            }
        )
        cls.tariff.action_activate()

    @classmethod
    def _create_customers(cls):
        since = cls.now - timedelta(days=60)
        rows = [
            {
                "name": "Ana Prepaid",
                "payment_mode": "prepaid",
                "plate": "AAA-111-A",
                "class_code": "AUTO",
                "tag": "TEST00000001",
                "opening_balance": 500,
                "group": "prepaid",
            },
            {
                "name": "Transportes Postpaid",
                "payment_mode": "postpaid",
                "plate": "BBB-222-B",
                "class_code": "C2",
                "tag": "TEST00000002",
                "group": "postpaid",
            },
            {
                "name": "Luis Plate",
                "payment_mode": "postpaid",
                "plate": "CCC-333-C",
                "class_code": "AUTO",
                "group": "plate",
            },
        ]
        loaded = cls.env["toll.opening.load"]._load(rows, date=since)
        cls.prepaid, cls.postpaid, cls.plate_only = cls.env["toll.account"].browse(
            loaded["account_ids"]
        )
        cls.lot, cls.lot_2 = cls.env["stock.lot"].browse(loaded["lot_ids"][:2])
        cls.vehicle, cls.vehicle_2, cls.vehicle_3 = cls.env["toll.vehicle"].browse(
            loaded["vehicle_ids"]
        )

    def _row(self, ref, **values):
        """One line of the universal file: Ana's car at P1 unless told otherwise."""
        row = {
            "operator": "T1",
            "ref": ref,
            "occurred_at": self.noon.isoformat() + "Z",
            "plaza": "P1",
            "lane": "L1",
            "tag": "TEST00000001",
            "class": "A",
        } | values
        return ",".join(str(row.get(name, "")) for name in HEADER.split(","))

    def _load(self, *rows, name="day.csv", header=HEADER, operator="T1", user=None):
        """Load rows as one file; return its batch."""
        content = "\n".join([header, *rows]) + "\n" if header else "\n".join(rows)
        return self._load_bytes(content.encode(), name, operator, user)

    def _load_bytes(self, content, name="day.csv", operator="T1", user=None):
        Batch = self.env["toll.crossing.batch"].with_user(user or self.analyst)
        batch_id = Batch.load(operator, False, name, base64.b64encode(content).decode())
        return self.env["toll.crossing.batch"].browse(batch_id)

    def _crossings(self, batch):
        return self.env["toll.crossing"].search(
            [("batch_id", "=", batch.id)], order="line"
        )

    def _fates(self, batch):
        return [(c.ref, c.state, c.reason) for c in self._crossings(batch)]

    def _assert_rules_hold(self):
        failed = [
            (result["code"], result["differences"])
            for result in self.env["toll.check"].run()
            if result["differences"]
        ]
        self.assertFalse(failed)
