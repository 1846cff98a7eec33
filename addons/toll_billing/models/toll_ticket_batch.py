import base64
import hashlib
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.translate import LazyTranslate

from ..core import ticket_file
from ..queries import ticket as queries

_lt = LazyTranslate(__name__)

#: A lane's clock may be wrong by this much.
AHEAD = timedelta(days=1)
ERRORS = {
    "too_big": _lt("The file is larger than %s MB: split it."),
    "not_text": _lt("The file is no UTF-8 text: save it as CSV UTF-8."),
    "missing_column": _lt("The header has no column “%s”."),
    "too_many_rows": _lt("There are more than %s tickets: split the file."),
    "empty": _lt("The file has no tickets."),
}
REASONS = [
    ("field_count", "Wrong number of fields"),
    ("no_folio", "No folio"),
    ("bad_amount", "Not an amount"),
    ("bad_payment", "Neither cash nor card"),
    ("bad_time", "Not a time"),
    ("future", "In the future"),
    ("other_operator", "Row of another operator"),
    ("unknown_plaza", "Unknown plaza"),
    ("unknown_lane", "Unknown lane"),
    ("unknown_class", "Unknown class code"),
    ("repeated", "Received before"),
    ("repeated_differs", "Received before with another amount"),
]


class TollTicketBatch(models.Model):
    """A file of lane tickets as it came; every row of it has a fate."""

    _name = "toll.ticket.batch"
    _description = "File of Lane Tickets"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="File", required=True, readonly=True)
    operator_id = fields.Many2one(
        "toll.operator", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    content = fields.Binary(readonly=True, attachment=True)
    create_date = fields.Datetime(string="Loaded on")
    create_uid = fields.Many2one("res.users", string="Loaded by")
    repeat_count = fields.Integer(
        string="Received again",
        readonly=True,
        help="How often the very same file came again; nothing of it was loaded twice.",
    )
    received_count = fields.Integer(string="Received", readonly=True, default=0)
    stored_count = fields.Integer(string="Stored", readonly=True, default=0)
    duplicate_count = fields.Integer(string="Duplicates", readonly=True, default=0)
    rejected_count = fields.Integer(string="Rejected", readonly=True, default=0)
    amount_received = fields.Monetary(readonly=True, default=0)
    amount_stored = fields.Monetary(readonly=True, default=0)
    amount_duplicate = fields.Monetary(readonly=True, default=0)
    amount_rejected = fields.Monetary(readonly=True, default=0)
    fault_ids = fields.One2many("toll.ticket.fault", "batch_id", readonly=True)

    _file_once = models.Constraint(
        "UNIQUE (operator_id, company_id, sha256)",
        "This file of this operator was received before.",
    )
    _conservation = models.Constraint(
        "CHECK (received_count = stored_count + duplicate_count + rejected_count "
        "AND amount_received = amount_stored + amount_duplicate + amount_rejected)",
        "Received is stored, duplicate and rejected together.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Files that were received stay."))

    # === LOADING === #
    @api.model
    def _check_loader(self):
        if not self.env.su and not self.env.user.has_group(
            "toll_account.group_toll_analyst"
        ):
            raise AccessError(self.env._("Only analysts may load lane tickets."))

    @api.model
    def _receive(self, operator, filename, content):
        """(batch, whether it is new) of a file; the same file adds nothing."""
        self._check_loader()
        operator.check_access("read")
        company = operator.company_id or self.env.company
        digest = hashlib.sha256(content).hexdigest()
        self.env.cr.execute(queries.wait_turn(operator.id))
        # the loader's role was checked; nobody writes batches by hand
        batches_sudo = self.sudo().with_company(company)
        known_sudo = batches_sudo.search(
            [
                ("operator_id", "=", operator.id),
                ("company_id", "=", company.id),
                ("sha256", "=", digest),
            ]
        )
        if known_sudo:
            known_sudo.repeat_count += 1
            return known_sudo.with_env(self.env), False
        try:
            rows = ticket_file.read(content)
        except ticket_file.TicketFileError as error:
            sentence = self.env._(ERRORS[error.code])
            if "%s" in sentence:
                sentence %= error.value
            raise UserError(self.env._("Nothing was loaded. %s", sentence)) from None
        batch_sudo = batches_sudo.create(
            {
                "name": (filename or "").strip()[:120] or digest[:12],
                "operator_id": operator.id,
                "company_id": company.id,
                "currency_id": company.currency_id.id,
                "sha256": digest,
                "content": base64.b64encode(content),
            }
        )
        batch_sudo._insert(rows)
        return batch_sudo.with_env(self.env), True

    def _insert(self, rows):
        """Give every row its fate, in one statement."""
        plazas = {plaza.code.upper(): plaza for plaza in self.operator_id.plaza_ids}
        lanes = {
            (lane.plaza_id.id, lane.code.upper()): lane.id
            for lane in self.env["toll.lane"].search(
                [("plaza_id", "in", self.operator_id.plaza_ids.ids)]
            )
        }
        classes = {
            code.upper(): class_id
            for code, class_id in [
                *(
                    (record.code, record.id)
                    for record in self.env["toll.vehicle.class"].search([])
                ),
                *(
                    (own.code, own.class_id.id)
                    for own in self.operator_id.class_map_ids
                ),
            ]
            if code
        }
        latest = fields.Datetime.now() + AHEAD
        values = []
        for row in rows:
            plaza = plazas.get(row.plaza.upper())
            lane_id = plaza and lanes.get((plaza.id, row.lane.upper()))
            class_id = classes.get(row.class_code.upper())
            issued_at, day = self._get_times(row.issued_at, plaza)
            fault = row.fault or self._get_fault(row, plaza, lane_id, class_id)
            if not fault and not issued_at:
                fault = ("bad_time", str(row.issued_at))
            if not fault and issued_at > latest:
                fault = ("future", str(row.issued_at))
            values.append(
                (
                    row.line,
                    row.text,
                    plaza.id if plaza else None,
                    lane_id or None,
                    row.folio,
                    ticket_file.folio_key(row.folio),
                    issued_at,
                    day,
                    class_id or None,
                    row.amount,
                    row.payment,
                    fault and fault[0],
                    fault and fault[1],
                )
            )
        self.env.flush_all()
        self.env.cr.execute(queries.insert_rows(self, values, self.env.uid))
        self.invalidate_recordset()
        self.env["toll.ticket"].invalidate_model()

    def _get_fault(self, row, plaza, lane_id, class_id):
        """(code, value) of why a ticket is nowhere of this operator, or nothing."""
        if row.operator and row.operator.upper() != self.operator_id.code.upper():
            return "other_operator", row.operator
        if not plaza:
            return "unknown_plaza", row.plaza
        if not lane_id:
            return "unknown_lane", row.lane
        if row.class_code and not class_id:
            return "unknown_class", row.class_code
        return None

    def _get_times(self, moment, plaza):
        """(UTC, day at the plaza); without offset it was the plaza's clock."""
        if not moment:
            return None, None
        zone = ZoneInfo((plaza and plaza.tz) or self.operator_id.tz or "UTC")
        try:
            local = (
                moment.astimezone(zone)
                if moment.tzinfo
                else moment.replace(tzinfo=zone)
            )
            return local.astimezone(UTC).replace(tzinfo=None), local.date()
        except OverflowError:
            return None, None

    @api.model
    def _load_demo(self, operator_id):
        """Tickets of yesterday (D0001 …, 45.00), to try page and screens with."""
        operator = self.env["toll.operator"].browse(operator_id)
        day = self.env.company._toll_today() - timedelta(days=1)
        lanes = self.env["toll.lane"].search(
            [("plaza_id", "in", operator.plaza_ids.ids)], limit=2
        )
        rows = [
            f"{lane.plaza_id.code},{lane.code},D{number:04},{day}T08:{number:02}:00,45"
            for lane in lanes
            for number in range(1, 13)
        ]
        if rows:
            content = "\n".join(["plaza,lane,folio,issued_at,amount", *rows])
            self._receive(operator, f"tickets-{day}.csv", content.encode())

    # === SCREEN === #
    def action_view_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_ticket_action"
        )
        return dict(action, domain=[("batch_id", "=", self.id)], context={})


class TollTicketFault(models.Model):
    """A row of a file that is no new ticket, as it came, and why."""

    _name = "toll.ticket.fault"
    _description = "Row That Is No New Ticket"
    _order = "batch_id desc, line"
    _rec_name = "text"

    batch_id = fields.Many2one(
        "toll.ticket.batch",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    line = fields.Integer(readonly=True, aggregator=None)
    text = fields.Char(string="Row", readonly=True)
    fate = fields.Selection(
        [("duplicate", "Duplicate"), ("rejected", "Rejected")],
        required=True,
        readonly=True,
    )
    reason = fields.Selection(REASONS, required=True, readonly=True)
    value = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
