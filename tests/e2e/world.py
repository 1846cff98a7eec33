"""A small toll road of its own: operator, plaza, tariff, customers, users."""

from functools import cached_property

from .client import Client, Json2

TZ = "America/Mexico_City"
PRICE = 149.0


class World:
    """Made once per test session; every name carries the same random suffix."""

    password = "e2e-Secret-7"

    def __init__(self, admin, suffix):
        self.admin = admin
        self.suffix = suffix
        english = admin.call(
            "res.lang",
            "search",
            [("code", "=", "en_US"), ("active", "in", [True, False])],
        )
        admin.call("res.lang", "write", english, {"active": True})
        self.customer_login = f"customer-{suffix}@example.org".lower()
        self.auto = admin.search("toll.vehicle.class", [("code", "=", "AUTO")])[0]
        self.operator, self.plaza = self._make_operator(f"E{suffix}")
        self.other_operator, self.other_plaza = self._make_operator(f"F{suffix}")
        self._make_tariff(self.operator, self.plaza)
        self.customer, self.account = self._make_customer("Ana Ruiz", "AAA")
        self.stranger, self.stranger_account = self._make_customer("Ben Soto", "BBB")
        self.customer_user = self._make_user(
            "Ana Ruiz",
            self.customer_login,
            "base.group_portal",
            partner_id=self.customer,
        )
        admin.call("toll.account", "top_up", [self.account], 1000.0, f"E2E-{suffix}")

    # Master data

    def _make_operator(self, code):
        admin = self.admin
        operator = admin.create(
            "toll.operator",
            {
                "code": code,
                "name": f"Autopista {code}",
                "is_charger": True,
                "tz": TZ,
                "state": "authorised",
                "class_map_ids": [(0, 0, {"code": "A", "class_id": self.auto})],
            },
        )
        plaza = admin.create(
            "toll.plaza",
            {
                "code": f"P{code}",
                "name": f"Caseta {code}",
                "operator_id": operator,
                "kind": "open",
                "tz": TZ,
            },
        )
        for position in (1, 2):
            admin.create(
                "toll.lane",
                {"plaza_id": plaza, "code": f"0{position}", "position": position},
            )
        return operator, plaza

    def _make_tariff(self, operator, plaza):
        rate = {"plaza_id": plaza, "class_id": self.auto, "amount": PRICE}
        tariff = self.admin.create(
            "toll.tariff",
            {
                "operator_id": operator,
                "version": f"T{self.suffix}",
                "valid_from": "2025-01-01",
                "rate_ids": [(0, 0, rate)],
            },
        )
        self.admin.call("toll.tariff", "action_activate", [tariff])

    def _make_customer(self, name, plate):
        admin = self.admin
        partner = admin.create(
            "res.partner",
            {
                "name": f"{name} {self.suffix}",
                "email": f"{plate}{self.suffix}@x.test",
                "lang": "en_US",
            },
        )
        account = admin.create(
            "toll.account", {"partner_id": partner, "payment_mode": "prepaid"}
        )
        admin.create(
            "toll.vehicle",
            {
                "account_id": account,
                "plate": f"{plate}-{self.suffix}",
                "class_id": self.auto,
                "date_from": "2025-01-01 00:00:00",
            },
        )
        admin.call("toll.account", "action_activate", [account])
        return partner, account

    def plate(self, prefix):
        return f"{prefix}{self.suffix}"

    # Users

    def _make_user(self, name, login, group, **values):
        return self.admin.create(
            "res.users",
            {
                "name": name,
                "login": login,
                "password": self.password,
                "group_ids": [(6, 0, [self.admin.ref(group)])],
                **values,
            },
        )

    def session(self, login):
        client = Client(self.admin.base_url, self.admin.database)
        return client.login(login, self.password)

    def _employee(self, role):
        login = f"{role}-{self.suffix}@example.org".lower()
        self._make_user(f"{role} {self.suffix}", login, f"toll_account.group_{role}")
        key = self.session(login).make_key("e2e")
        return Json2(self.admin.base_url, self.admin.database, key)

    @cached_property
    def agent(self):
        return self._employee("toll_agent")

    @cached_property
    def analyst(self):
        return self._employee("toll_analyst")

    @cached_property
    def accountant(self):
        return self._employee("toll_accountant")

    @cached_property
    def api(self):
        """The operator's own program, with a key made on the operator's form."""
        return Json2(self.admin.base_url, self.admin.database, self.new_api_key())

    def new_api_key(self, operator=None):
        wizard = self.admin.create(
            "toll.operator.api.key",
            {"operator_id": operator or self.operator, "name": "e2e", "days": "30"},
        )
        action = self.admin.call("toll.operator.api.key", "action_make", [wizard])
        return self.admin.finish_key(action)

    # Crossings

    def event(self, ref, plate="AAA", **values):
        return {
            "ref": f"{self.suffix}-{ref}",
            "occurred_at": values.pop("occurred_at", self.now()),
            "plaza": values.pop("plaza", f"PE{self.suffix}"),
            "lane": "01",
            "plate": self.plate(plate),
            "class": "A",
            **values,
        }

    def now(self):
        """A minute ago by the server's clock would do; the test's is the same one."""
        from datetime import UTC, datetime, timedelta

        return (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")

    def post(self, *events, client=None):
        return (client or self.api).post(
            "/toll/api/v1/crossings", json={"crossings": list(events)}
        )

    def balance(self, account=None):
        row = self.admin.call(
            "toll.account", "read", [account or self.account], ["balance"]
        )
        return row[0]["balance"]
