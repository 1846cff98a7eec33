import base64

from odoo import fields

from .common import CollectionsCase

HEADER = "id;cuenta;importe;fecha;tienda;tag"


class PointCase(CollectionsCase):
    """A network of shops, two prepaid accounts, and who loads and releases."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.toll_topup_max = 5000
        cls.clerk = cls._user("point_clerk", "toll_account.group_toll_billing")
        cls.teller = cls._user("point_teller", "toll_account.group_toll_agent")
        cls.account, cls.other = cls._accounts(2, "prepaid")
        cls.network = cls._network("SHOP")
        cls.point = cls.env["toll.point"].create(
            {"network_id": cls.network.id, "code": "77", "name": "Shop 77"}
        )

    @classmethod
    def _network(cls, code, columns=None, **values):
        names = ("ref", "id"), ("account", "cuenta"), ("amount", "importe")
        names += ("paid_at", "fecha"), ("point", "tienda"), ("tag", "tag")
        columns = columns or [{"target": t, "name": n} for t, n in names]
        partner = cls.env["res.partner"].create({"name": f"Network {code}"})
        return cls.env["toll.point.network"].create(
            {
                "code": code,
                "name": f"Network {code}",
                "partner_id": partner.id,
                "column_ids": [fields.Command.create(vals) for vals in columns],
                **values,
            }
        )

    def _row(self, ref, account="", amount="100.00", at="", point="77", tag=""):
        return f"{ref};{account};{amount};{at};{point};{tag}"

    def _load(self, *rows, network=None, name="day.csv", user=None, head=HEADER):
        content = "\n".join([*filter(None, [head]), *rows]).encode()
        network = (network or self.network).with_user(user or self.clerk)
        file_id = network.load(name, base64.b64encode(content).decode())
        self.env.invalidate_all()
        return self.env["toll.point.file"].browse(file_id)

    def _fates(self, file):
        rows = file.payment_ids.sorted("line")
        return [(row.fate, row.reason or None) for row in rows]

    def _counts(self, file):
        names = ("received", "posted", "held", "rejected", "duplicate")
        return [file[f"{name}_count"] for name in names]

    def assertSound(self):
        self.assertRules()
        self.assertFalse(self.env["toll.check"]._check_point_files())

    def _ledger(self, account):
        groups = self.env["account.move.line"]._read_group(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")],
            [],
            ["balance:sum"],
        )
        return groups[0][0] or 0
