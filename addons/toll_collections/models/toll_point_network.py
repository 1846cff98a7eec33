import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.translate import LazyTranslate

from ..core import point_file

_lt = LazyTranslate(__name__)

LOADERS = (
    "toll_account.group_toll_billing,"
    "toll_account.group_toll_accountant,"
    "toll_collections.group_toll_collection_supervisor"
)
RELEASERS = f"toll_account.group_toll_agent,{LOADERS}"
REVERSERS = (
    "toll_account.group_toll_accountant,"
    "toll_collections.group_toll_collection_supervisor"
)
LAYOUT_ERRORS = {
    "no_column": _lt("No column for “%s”: add it to the columns."),
    "no_trailer_mark": _lt("There are totals, but no mark of the trailer%s."),
    "no_position": _lt("Column “%s” needs a position, and in fixed width a width."),
    "no_name": _lt("Column “%s” needs the name that the header has."),
}
LAYOUT = (
    "kind",
    "delimiter",
    "encoding",
    "has_header",
    "header_mark",
    "trailer_mark",
    "date_format",
    "decimal_mark",
    "implied_decimals",
)
COLUMN = ("target", "name", "position", "width")


class TollPointNetwork(models.Model):
    """A chain of shops, or a bank, that takes customers' money for us."""

    _name = "toll.point.network"
    _description = "Collection Network"
    _inherit = ["mail.thread"]
    _order = "code"
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    code = fields.Char(required=True, tracking=True)
    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        required=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Who owes the collected money, and sends the bill of the commission.",
    )
    commission_percent = fields.Float(
        string="Commission (%)", tracking=True, help="Of the money collected."
    )
    commission_fixed = fields.Monetary(
        string="Commission per Payment", tracking=True, help="For each payment taken."
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes of the Commission",
        domain="[('type_tax_use', '=', 'purchase'), ('company_id', '=', company_id)]",
        check_company=True,
    )
    is_withheld = fields.Boolean(
        string="Keeps the Commission",
        default=True,
        tracking=True,
        help="The network transfers the money less its commission.",
    )
    point_ids = fields.One2many("toll.point", "network_id")
    point_count = fields.Integer(compute="_compute_counts")
    file_count = fields.Integer(compute="_compute_counts")
    held_count = fields.Integer(string="Held", compute="_compute_counts")
    # the layout of its files
    kind = fields.Selection(
        [("csv", "CSV"), ("fixed", "Fixed width")],
        string="Kind of File",
        required=True,
        default="csv",
        tracking=True,
    )
    delimiter = fields.Selection(
        [
            ("comma", "Comma"),
            ("semicolon", "Semicolon"),
            ("pipe", "Pipe"),
            ("tab", "Tab"),
        ],
        required=True,
        default="semicolon",
    )
    encoding = fields.Selection(
        [
            ("utf-8", "UTF-8"),
            ("iso-8859-1", "ISO 8859-1 (Latin 1)"),
            ("cp1252", "Windows 1252"),
            ("cp850", "DOS 850"),
        ],
        required=True,
        default="utf-8",
    )
    has_header = fields.Boolean(
        string="First line is a header",
        default=True,
        help="In a CSV file it names the columns; in fixed width it is passed over.",
    )
    header_mark = fields.Char(
        help="Lines that begin with this are no payments, such as H or 01."
    )
    trailer_mark = fields.Char(
        help="The last line begins with this, such as T or 99. Without it a file is "
        "refused: it was cut off."
    )
    date_format = fields.Char(
        required=True,
        default="%Y-%m-%d %H:%M:%S",
        help="%Y year, %m month, %d day, %H hour, %M minute, %S second. A date and a "
        "time of their own are joined with a blank.",
    )
    decimal_mark = fields.Selection(
        [(".", "Point"), (",", "Comma")], required=True, default="."
    )
    implied_decimals = fields.Integer(
        help="Decimals of an amount without decimal mark: with 2, 15050 means 150.50."
    )
    column_ids = fields.One2many("toll.point.column", "network_id", copy=True)
    problem = fields.Char(compute="_compute_problem")

    _code_uniq = models.Constraint(
        "UNIQUE (company_id, code)", "The company has another network with this code."
    )
    _commission_check = models.Constraint(
        "CHECK (commission_percent BETWEEN 0 AND 100 AND commission_fixed >= 0 "
        "AND implied_decimals BETWEEN 0 AND 2)",
        "A commission is between 0 and 100 per cent, and there are 0 to 2 decimals.",
    )

    @api.depends(*LAYOUT, *(f"column_ids.{name}" for name in COLUMN))
    def _compute_problem(self):
        for network in self:
            found = network._layout().check()
            sentence = found and self.env._(LAYOUT_ERRORS[found[0]])
            network.problem = found and sentence % found[1]

    def _compute_counts(self):
        def count(model, *domain):
            groups = self.env[model]._read_group(
                [("network_id", "in", self.ids), *domain], ["network_id"], ["__count"]
            )
            return {network.id: number for network, number in groups}

        points, files = count("toll.point"), count("toll.point.file")
        held = count("toll.point.payment", ("fate", "=", "held"))
        for network in self:
            network.point_count = points.get(network._origin.id, 0)
            network.file_count = files.get(network._origin.id, 0)
            network.held_count = held.get(network._origin.id, 0)

    @api.depends("code", "name")
    def _compute_display_name(self):
        for network in self:
            network.display_name = f"[{network.code}] {network.name}"

    @api.model
    def _check_role(self, groups):
        if not self.env.su and not self.env.user.has_groups(groups):
            raise AccessError(
                self.env._("Your role does not do this with payments of networks.")
            )

    def _layout(self):
        self.ensure_one()
        values = {name: self[name] or "" for name in LAYOUT}
        values["implied_decimals"] = self.implied_decimals
        return point_file.Layout(
            **values,
            columns=tuple(
                point_file.Column(
                    column.target, column.name or "", column.position, column.width
                )
                for column in self.column_ids
            ),
        )

    # === FILES === #
    def load(self, filename, content):
        """Load a file (base64); answer its id. The same file again adds nothing."""
        self.ensure_one()
        self._check_role(LOADERS)
        self.check_access("read")
        file, _is_new = self._load(filename, self._decode(content))
        return file.id

    @api.model
    def _decode(self, content):
        try:
            return base64.b64decode(content or b"", validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise UserError(self.env._("The file did not arrive whole.")) from None

    def _load(self, filename, content):
        """(file, whether it is new)."""
        if not self.active:
            raise UserError(self.env._("%s is archived.", self.name))
        if self.problem:
            raise UserError(
                self.env._(
                    "The layout of %(name)s: %(problem)s",
                    name=self.name,
                    problem=self.problem,
                )
            )
        # rows are written by the loader alone; whoever called has checked the role
        files_sudo = self.env["toll.point.file"].sudo()
        file_sudo, is_new = files_sudo._receive(self.sudo(), filename, content)
        return file_sudo.sudo(False), is_new

    def _load_demo(self):
        """A small day of the shops, with what such files have wrong."""
        numbers = (
            self.env["toll.account"]
            .search(
                [("state", "=", "active"), ("company_id", "=", self.company_id.id)],
                order="number",
                limit=3,
            )
            .mapped("number")
        )
        day = self.company_id._toll_today().strftime("%d/%m/%Y")
        rows = [(number, 200 + 50 * nth) for nth, number in enumerate(numbers)]
        rows += [("9999999999", 120), (numbers[0] if numbers else "1", 80)]
        lines = ["folio;referencia;importe;fecha;tienda"]
        for nth, (number, amount) in enumerate(rows, 1):
            lines.append(f"LE{nth:06d};{number};{amount}.00;{day} 00:0{nth};1001")
        lines.append(f"TOTAL;{len(rows)};{sum(row[1] for row in rows)}.00")
        self._load("la-esquina.csv", "\n".join(lines).encode())

    def action_view_points(self):
        return self._open("toll_collections.toll_point_action")

    def action_view_files(self):
        return self._open("toll_collections.toll_point_file_action")

    def action_view_held(self):
        action = self._open("toll_collections.toll_point_payment_action")
        return dict(action, context={"search_default_held": 1})

    def action_view_settlements(self):
        return self._open("toll_collections.toll_point_settlement_action")

    def _open(self, xml_id):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        return dict(
            action,
            domain=[("network_id", "=", self.id)],
            context={"default_network_id": self.id},
        )

    def action_settle(self):
        """Settle what came in up to now."""
        self._check_role(REVERSERS)
        self.check_access("read")
        settlements = self.env["toll.point.settlement"]
        for network in self:
            today = network.company_id._toll_today()
            settlements |= settlements._settle(network, today, fields.Datetime.now())
        if not settlements:
            raise UserError(self.env._("Nothing came in since the last settlement."))
        return settlements._get_records_action()


class TollPointColumn(models.Model):
    """Where one value of a payment stands in the files of a network."""

    _name = "toll.point.column"
    _description = "Column of a Payment File"
    _order = "network_id, sequence, id"

    network_id = fields.Many2one(
        "toll.point.network", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="network_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    target = fields.Selection(
        [
            ("ref", "Reference of the payment"),
            ("account", "Account or payment reference"),
            ("tag", "TAG"),
            ("amount", "Amount"),
            ("paid_at", "Paid at"),
            ("point", "Point"),
            ("total_count", "Trailer: number of payments"),
            ("total_amount", "Trailer: sum of amounts"),
        ],
        string="Value",
        required=True,
        help="Several columns of the same value are joined in their order.",
    )
    name = fields.Char(string="Header", help="CSV: the name in the first line.")
    position = fields.Integer(
        help="Fixed width: first character, from 1. CSV without header, and in the "
        "trailer: number of the column."
    )
    width = fields.Integer(help="Fixed width: number of characters.")

    _position_check = models.Constraint(
        "CHECK (position >= 0 AND width >= 0)", "Positions and widths are not negative."
    )


class TollPoint(models.Model):
    """A shop or branch of a network."""

    _name = "toll.point"
    _description = "Collection Point"
    _order = "network_id, code"
    _rec_names_search = ["code", "name"]

    network_id = fields.Many2one(
        "toll.point.network", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="network_id.company_id", store=True, index=True, precompute=True
    )
    code = fields.Char(required=True, help="As the files of the network write it.")
    name = fields.Char(required=True)
    street = fields.Char()
    city = fields.Char()
    state_id = fields.Many2one("res.country.state", ondelete="restrict")
    zip = fields.Char()
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (network_id, code)", "The network has another point with this code."
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for point in self:
            point.display_name = f"{point.code} {point.name}"
