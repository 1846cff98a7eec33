from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import file_open

from ..core import tariff_import
from ..core.tariff_cells import ALL_BANDS, ANY_DAY, Rate
from ..queries import tariff_cell as queries
from .tariff_messages import fault_text, shorten
from .toll_tariff_matrix import TollTariffMatrix

DAY_TYPES = [
    ("any", "Every day"),
    ("weekday", "Monday to Friday"),
    ("saturday", "Saturday"),
    ("sunday", "Sunday"),
    ("holiday", "Public holiday"),
]
PRICE_FIELDS = (
    "tariff_id",
    "plaza_id",
    "entry_plaza_id",
    "class_id",
    "band",
    "day_type",
    "service",
    "amount",
)
IMPORT_KEY = PRICE_FIELDS[1:-1]


class TollTariffRate(models.Model):
    """One price of a tariff version."""

    _name = "toll.tariff.rate"
    _description = "Toll Tariff Rate"
    _inherit = [TollTariffMatrix._name]
    _order = "tariff_id, plaza_id, entry_plaza_id, service, class_id, band, day_type"

    tariff_id = fields.Many2one(
        "toll.tariff", required=True, index=True, ondelete="cascade"
    )
    operator_id = fields.Many2one(related="tariff_id.operator_id")
    company_id = fields.Many2one(related="tariff_id.company_id")
    currency_id = fields.Many2one(related="tariff_id.currency_id")
    plaza_id = fields.Many2one(
        "toll.plaza",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('operator_id', '=', operator_id), ('kind', '!=', 'entry')]",
        help="The plaza that charges; on a closed road the exit.",
    )
    entry_plaza_id = fields.Many2one(
        "toll.plaza",
        string="Entry",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('operator_id', '=', operator_id)]",
        help="Only on a closed road, where the entry decides the price.",
    )
    class_id = fields.Many2one(
        "toll.vehicle.class",
        required=True,
        index=True,
        ondelete="restrict",
    )
    band = fields.Char(
        required=True,
        default=ALL_BANDS,
        help="Code of a time band of this version; “all” is the whole day.",
    )
    day_type = fields.Selection(DAY_TYPES, required=True, default=ANY_DAY)
    service = fields.Selection(
        selection="_selection_service", required=True, default="toll"
    )
    amount = fields.Monetary(required=True, help="What the customer pays, with tax.")

    _price_uniq = models.UniqueIndex(
        "(tariff_id, plaza_id, COALESCE(entry_plaza_id, 0), class_id, service, band,"
        " day_type)",
        "This version has a price for the same plaza, entry, class, service, band and "
        "day type already.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "A price cannot be negative."
    )

    def init(self):
        for statement in queries.create_row_guard(self._table, PRICE_FIELDS):
            self.env.execute_query(statement)

    @api.model
    def _selection_service(self):
        # RPC users without access to services still read the label of a price
        services_sudo = self.env["toll.service"].sudo()
        services_sudo = services_sudo.with_context(active_test=False).search(
            [("code", "!=", False)]
        )
        return [(service.code, service.name) for service in services_sudo]

    @api.depends("plaza_id", "entry_plaza_id", "class_id", "band", "day_type")
    def _compute_display_name(self):
        days = dict(self._fields["day_type"]._description_selection(self.env))
        for rate in self:
            places = filter(None, (rate.entry_plaza_id.code, rate.plaza_id.code))
            parts = [" → ".join(places), rate.class_id.code or ""]
            if rate.band != ALL_BANDS:
                parts.append(rate.band or "")
            if rate.day_type != ANY_DAY:
                parts.append(days.get(rate.day_type, ""))
            rate.display_name = " · ".join(parts)

    @api.constrains("plaza_id", "entry_plaza_id", "tariff_id")
    def _check_operator(self):
        for rate in self:
            operators = (rate.plaza_id | rate.entry_plaza_id).operator_id
            if operators - rate.tariff_id.operator_id:
                raise ValidationError(
                    self.env._(
                        "%(rate)s: the plaza belongs to %(other)s, the tariff to "
                        "%(operator)s.",
                        rate=rate.display_name,
                        other=", ".join(operators.mapped("code")),
                        operator=rate.tariff_id.operator_id.code,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self.env["toll.tariff"]._check_draft_ids(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self.tariff_id._check_draft()
        self.env["toll.tariff"]._check_draft_ids([vals])
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_active(self):
        self.tariff_id._check_draft()

    def _to_core(self):
        return [
            Rate(
                id=rate.id,
                plaza=rate.plaza_id.id,
                entry=rate.entry_plaza_id.id or 0,
                class_=rate.class_id.id,
                amount=Decimal(str(rate.amount)),
                band=rate.band,
                day_type=rate.day_type,
                service=rate.service,
            )
            for rate in self
        ]

    def _prepare_copy_vals(self, tariff):
        """Values of the same price in another version."""
        return {
            "tariff_id": tariff.id,
            "plaza_id": self.plaza_id.id,
            "entry_plaza_id": self.entry_plaza_id.id,
            "class_id": self.class_id.id,
            "band": self.band,
            "day_type": self.day_type,
            "service": self.service,
            "amount": self.amount,
        }

    # === IMPORT === #

    @api.model
    def _import_table(self, tariff, table, replace=False):
        """Write the prices of a table into a draft; returns (count, faults).

        Nothing is written where there is a fault. ``replace`` drops the prices that
        the draft had before; without it they stay, and those named again change.
        """
        tariff._check_draft()
        rows, faults = tariff_import.read_rows(table)
        codes = self._get_import_codes(tariff)
        prices, lines = {}, {}
        for row in rows:
            vals, row_faults = self._prepare_import_vals(row, codes)
            faults += row_faults
            if not vals:
                continue
            key = tuple(vals[name] for name in IMPORT_KEY)
            if key in prices and not row_faults:
                # two words of the file may mean the same class
                text = str(lines[key])
                faults.append(
                    tariff_import.Fault(row.line, row.column, "price_twice", text)
                )
            prices[key] = vals
            lines.setdefault(key, row.line)
        if faults:
            # an unknown word is told once, where it first stands
            first = {(fault.code, fault.text): fault for fault in reversed(faults)}
            faults = [
                fault
                for fault in faults
                if not fault.code.startswith("unknown_")
                or first[fault.code, fault.text] is fault
            ]
            return 0, sorted(faults, key=lambda fault: (fault.line, fault.column))
        if replace:
            tariff.rate_ids.unlink()
        there = {}
        for rate in tariff.rate_ids:
            vals = rate._prepare_copy_vals(tariff)
            there[tuple(vals[name] for name in IMPORT_KEY)] = rate
        to_create = []
        for key, vals in prices.items():
            rate = there.get(key)
            if rate is None:
                to_create.append(dict(vals, tariff_id=tariff.id))
            elif rate.amount != vals["amount"]:
                rate.amount = vals["amount"]
        self.create(to_create)
        tariff.message_post(
            body=self.env._("%(count)s prices imported.", count=len(prices))
        )
        return len(prices), []

    @api.model
    def _load_file(self, tariff_id, path):
        """Fill a draft from a CSV file of an addon; any fault stops it."""
        with file_open(path, "rb") as stream:
            table = tariff_import.read_csv(stream.read())
        tariff = self.env["toll.tariff"].browse(tariff_id)
        _count, faults = self._import_table(tariff, table)
        if faults:
            raise UserError(
                shorten(self.env, [fault_text(self.env, fault) for fault in faults])
            )

    @api.model
    def _get_import_codes(self, tariff):
        """What the words of a file mean; the operator's own class codes come first."""
        plazas = tariff.operator_id.plaza_ids
        classes = {
            class_.code.upper(): class_
            for class_ in self.env["toll.vehicle.class"].search([])
        }
        for code in tariff.operator_id.class_map_ids:
            classes[code.code.upper()] = code.class_id
        return {
            "plaza": {plaza.code.upper(): plaza for plaza in plazas},
            "class": classes,
            "service": dict(self._selection_service()),
            "band": {ALL_BANDS, *tariff.band_ids.mapped("code")},
        }

    @api.model
    def _prepare_import_vals(self, row, codes):
        faults = []

        def fault(code, word, column=""):
            faults.append(tariff_import.Fault(row.line, column, code, word))

        plaza = codes["plaza"].get(row.plaza.upper())
        entry = codes["plaza"].get(row.entry.upper())
        class_ = codes["class"].get(row.class_code.upper())
        if plaza is None:
            fault("unknown_plaza", row.plaza)
        elif plaza.kind == "entry":
            fault("entry_plaza", row.plaza)
        if row.entry and entry is None:
            fault("unknown_plaza", row.entry)
        if class_ is None:
            fault("unknown_class", row.class_code, row.column)
        if row.service not in codes["service"]:
            fault("unknown_service", row.service)
        if row.band not in codes["band"]:
            fault("unknown_band", row.band)
        if faults:
            return {}, faults
        return {
            "plaza_id": plaza.id,
            "entry_plaza_id": entry.id if entry else False,
            "class_id": class_.id,
            "band": row.band,
            "day_type": row.day_type,
            "service": row.service,
            "amount": float(row.amount),
        }, []
