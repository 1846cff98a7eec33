from odoo.tests import TransactionCase, new_test_user


class TollCommon(TransactionCase):
    """A company with books, a small network, and people of each role.

    Other addons' tests build on it; nothing here relies on demo data.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context=dict(cls.env.context, tracking_disable=True, no_reset_password=True)
        )
        cls.company = cls.env.company
        cls.company._toll_set_up()
        cls.company.write({"toll_topup_min": 50, "toll_topup_max": 50000})
        cls.journal = cls.company.toll_topup_journal_id
        cls.country = cls.env.ref("base.mx")
        cls.class_auto = cls.env.ref("toll_account.toll_vehicle_class_auto")
        cls.class_c5 = cls.env.ref("toll_account.toll_vehicle_class_c5")
        cls.office = cls.env["toll.office"].create({"code": "TST", "name": "Test"})
        cls.operator = cls._create_operator("TESTOP")
        cls.plaza = cls.env["toll.plaza"].create(
            {"code": "P1", "name": "Plaza One", "operator_id": cls.operator.id}
        )
        cls.lane = cls.env["toll.lane"].create(
            {"plaza_id": cls.plaza.id, "code": "01", "position": 1}
        )
        cls.partner = cls.env["res.partner"].create(
            {"name": "Test Customer", "phone": "+52 442 555 1234", "vat": False}
        )
        cls.account = cls._create_account(partner_id=cls.partner.id)
        cls.agent = cls._create_user("agent")
        cls.analyst = cls._create_user("analyst")
        cls.billing = cls._create_user("billing")
        cls.accountant = cls._create_user("accountant")
        cls.manager = cls._create_user("manager")

    @classmethod
    def _create_user(cls, role, **values):
        return new_test_user(
            cls.env,
            f"toll_test_{role}",
            groups=f"toll_account.group_toll_{role}",
            **values,
        )

    @classmethod
    def _create_operator(cls, code, **values):
        return cls.env["toll.operator"].create(
            {
                "code": code,
                "name": f"Operator {code}",
                "tz": "America/Mexico_City",
                "state": "authorised",
                **values,
            }
        )

    @classmethod
    def _create_account(cls, activate=True, **values):
        values.setdefault("partner_id", cls.env.company.partner_id.id)
        account = cls.env["toll.account"].create(values)
        if activate:
            account.action_activate()
        return account

    @classmethod
    def _create_vehicle(cls, plate, account=None, **values):
        return cls.env["toll.vehicle"].create(
            {
                "plate": plate,
                "account_id": (account or cls.account).id,
                "country_id": cls.country.id,
                "class_id": cls.class_auto.id,
                **values,
            }
        )

    @classmethod
    def _create_company(cls, name):
        """A second company with a chart of accounts, for multi-company tests."""
        company = cls.env["res.company"].create(
            {"name": name, "country_id": cls.env.ref("base.mx").id}
        )
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        return company
