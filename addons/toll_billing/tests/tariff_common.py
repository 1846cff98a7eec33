from odoo.tests import TransactionCase, new_test_user
from odoo.tools import SQL

MEXICO = "America/Mexico_City"
TIJUANA = "America/Tijuana"


class TollTariffCommon(TransactionCase):
    """An operator of its own: two open plazas, a closed road, three classes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context=dict(cls.env.context, tracking_disable=True, lang="en_US")
        )
        cls.company = cls.env.company
        cls.classes = cls.env["toll.vehicle.class"].create(
            [
                {"code": f"X{code}", "name": f"Test {code}", "axles": axles}
                for code, axles in (("A", 2), ("C2", 2), ("C3", 3))
            ]
        )
        cls.auto, cls.c2, cls.c3 = cls.classes
        cls.operator = cls._create_operator("TSTO")
        cls.other = cls._create_operator("TSTX")
        cls.plaza = cls._create_plaza("P1")
        cls.border = cls._create_plaza("P2", tz=TIJUANA)
        cls.entry = cls._create_plaza("E1", kind="entry")
        cls.foreign = cls._create_plaza("F1", operator=cls.other)
        cls.manager = new_test_user(
            cls.env, "tariff_manager", groups="toll_account.group_toll_manager"
        )
        cls.biller = new_test_user(
            cls.env, "tariff_biller", groups="toll_account.group_toll_billing"
        )

    @classmethod
    def _create_operator(cls, code, **values):
        return cls.env["toll.operator"].create(
            {
                "code": code,
                "name": f"Operator {code}",
                "tz": MEXICO,
                "is_charger": True,
                "state": "authorised",
                "currency_id": cls.company.currency_id.id,
                "class_map_ids": [
                    (0, 0, {"code": class_.code[1:], "class_id": class_.id})
                    for class_ in cls.classes
                ],
                **values,
            }
        )

    @classmethod
    def _create_plaza(cls, code, operator=None, **values):
        return cls.env["toll.plaza"].create(
            {
                "code": code,
                "name": f"Plaza {code}",
                "operator_id": (operator or cls.operator).id,
                "kind": "open",
                "tz": MEXICO,
                **values,
            }
        )

    @classmethod
    def _create_tariff(
        cls, version="v1", valid_from="2025-01-10", rates=None, **values
    ):
        """A draft; ``rates`` are (plaza, class, amount, other values)."""
        if rates is None:
            rates = cls._all_rates()
        return cls.env["toll.tariff"].create(
            {
                "operator_id": cls.operator.id,
                "version": version,
                "valid_from": valid_from,
                "rate_ids": [
                    (
                        0,
                        0,
                        {
                            "plaza_id": plaza.id,
                            "class_id": class_.id,
                            "amount": amount,
                            **other,
                        },
                    )
                    for plaza, class_, amount, other in rates
                ],
                **values,
            }
        )

    @classmethod
    def _all_rates(cls, amount=100, **other):
        return [
            (plaza, class_, amount + number, other)
            for plaza in (cls.plaza, cls.border)
            for number, class_ in enumerate(cls.classes)
        ]

    @classmethod
    def _night(cls):
        return [(0, 0, {"code": "night", "minute_from": 1320, "minute_to": 360})]

    def _cells(self, tariff):
        return self.env.execute_query_dict(
            SQL(
                "SELECT * FROM toll_tariff_cell WHERE tariff_id = %s"
                " ORDER BY rate_id, minute_from",
                tariff.id,
            )
        )

    def _price(self, utc, plaza=None, class_=None, **options):
        return self.env["toll.tariff"]._get_charge(
            plaza or self.plaza, class_ or self.auto, utc, **options
        )
