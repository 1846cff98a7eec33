from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

#: What an analyst may mend while a capture is held.
MENDABLE = {"taken_at", "plaza_id", "lane_id", "tag", "plate", "class_code"}
REASONS = [
    ("strange_plaza", "Not a plaza of this device"),
    ("unknown_plaza", "Unknown plaza"),
    ("unknown_lane", "Unknown lane"),
    ("too_old", "Older than the operator's limit"),
    ("future", "In the future, even by the server's clock"),
    ("malformed", "Not readable"),
    ("undo_late", "Taken back too late"),
    ("undo_twice", "Taken back before"),
    ("refused", "Refused in review"),
]


class CrossingRef(fields.Many2one):
    """A Many2one to the ids of crossings, which are larger than others."""

    _column_type = ("int8", "int8")


class TollHandheldCapture(models.Model):
    """What a device sent about a vehicle; the crossing it became, if it became one.

    Cash was paid in the lane and never touches an account: such a capture counts for
    the shift only. What cannot go on as it is stays here, held, until an analyst sends
    it on or refuses it.
    """

    _name = "toll.handheld.capture"
    _description = "Hand-held Capture"
    _inherit = ["mail.thread"]
    _order = "taken_at desc, id desc"
    _rec_name = "ref"

    handheld_id = fields.Many2one(
        "toll.handheld", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="handheld_id.company_id", store=True, index=True
    )
    operator_id = fields.Many2one(related="handheld_id.operator_id", store=True)
    ref = fields.Char(string="Reference", required=True, readonly=True)
    kind = fields.Selection(
        [("capture", "Capture"), ("cancel", "Undo")],
        required=True,
        readonly=True,
        default="capture",
    )
    cancels = fields.Char(string="Takes Back", readonly=True, index="btree_not_null")
    taken_at = fields.Datetime(
        tracking=True, help="When it was captured, by the server's clock."
    )
    device_at = fields.Datetime(
        string="Taken at (Device)", readonly=True, help="By the device's own clock."
    )
    skew_seconds = fields.Float(
        string="Clock Behind (s)", digits=(16, 1), readonly=True, aggregator=None
    )
    is_skewed = fields.Boolean(
        string="Clock Wrong",
        readonly=True,
        help="The device's clock was further off than its limit when this was sent.",
    )
    plaza_id = fields.Many2one("toll.plaza", tracking=True, ondelete="restrict")
    lane_id = fields.Many2one(
        "toll.lane",
        domain="[('plaza_id', '=', plaza_id)]",
        tracking=True,
        ondelete="restrict",
    )
    shift = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Taken by", readonly=True)
    tag = fields.Char(string="TAG", tracking=True)
    plate = fields.Char(tracking=True)
    class_code = fields.Char(string="Class", tracking=True)
    direction = fields.Char(readonly=True)
    payment = fields.Selection(
        [("tag", "TAG"), ("cash", "Cash"), ("none", "None")],
        string="Payment Seen",
        readonly=True,
    )
    note = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("sent", "Sent On"),
            ("cash", "Paid in Cash"),
            ("held", "To Review"),
            ("refused", "Refused"),
            ("undone", "Taken Back"),
            ("waiting", "Undo before Its Capture"),
        ],
        required=True,
        readonly=True,
        tracking=True,
        index=True,
    )
    reason = fields.Selection(REASONS, readonly=True, tracking=True)
    detail = fields.Char(readonly=True)
    crossing_id = CrossingRef("toll.crossing", readonly=True)
    crossing_state = fields.Selection(related="crossing_id.state", string="Fate")
    crossing_reason = fields.Selection(
        related="crossing_id.reason", string="Reason of the Fate"
    )
    raw = fields.Text(
        string="As Received",
        readonly=True,
        prefetch=False,
        groups="toll_account.group_toll_analyst",
    )

    _sent_complete = models.Constraint(
        "CHECK (state <> 'sent' OR crossing_id IS NOT NULL)",
        "What was sent on has become a crossing.",
    )
    _ref_uniq = models.Constraint(
        "UNIQUE (handheld_id, ref)", "This row was received before."
    )

    @api.depends("taken_at", "tag", "plate")
    def _compute_display_name(self):
        for capture in self:
            capture.display_name = capture.tag or capture.plate or capture.ref[:8]

    # === REVIEW === #

    def write(self, vals):
        changed = {name for name in vals if not name.startswith("message_")}
        if changed and not self.env.su:
            self.check_access("write")
            if changed - MENDABLE or self.filtered(lambda c: c.state != "held"):
                raise UserError(
                    self.env._("Only what is held for review can be corrected.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Captures are never deleted."))

    def _check_reviewer(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(
            "toll_account.group_toll_analyst"
        ):
            raise AccessError(self.env._("Only analysts review captures."))
        if self.filtered(lambda c: c.state != "held" or c.kind != "capture"):
            raise UserError(self.env._("Only held captures are reviewed."))

    def action_send(self):
        """Let held captures go on as crossings, as they are now."""
        self._check_reviewer()
        for handheld, captures in self.grouped("handheld_id").items():
            missing = captures.filtered(lambda c: not (c.taken_at and c.plaza_id))
            if missing:
                raise UserError(
                    self.env._(
                        "%s has no time or no plaza yet: complete it first.",
                        missing[0].display_name,
                    )
                )
            # wallets and tariffs are none of the reviewer's business; who may do this
            # is checked above
            handheld.sudo()._send_on(captures.sudo())
        return True

    def action_refuse(self):
        """They do not count; what was captured stays here to read."""
        self._check_reviewer()
        # the state changes by buttons only; who may do this is checked above
        self.sudo().write({"state": "refused", "reason": "refused"})
        return True

    def action_open_crossing(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.crossing",
            "res_id": self.crossing_id.id,
            "view_mode": "form",
            "name": self.crossing_id.display_name,
        }

    # === WHAT THE DEVICE IS TOLD === #

    def _prepare_event(self):
        """The crossing, as operators send theirs."""
        self.ensure_one()
        event = {
            "ref": self.ref,
            "occurred_at": f"{self.taken_at.isoformat()}Z",
            "plaza": self.plaza_id.code,
            "lane": self.lane_id.code or "",
            "tag": self.tag or "",
            "plate": self.plate or "",
            "class": self.class_code or "",
            "direction": self.direction or "",
            "source": "hand-held",
            "handheld": self.handheld_id.name,
            "taken_by": self.user_id.login or "",
            "payment_seen": self.payment or "",
            "shift": self.shift or "",
            "note": self.note or "",
        }
        if self.is_skewed:
            event["clock_behind_s"] = str(round(self.skew_seconds))
        return {name: value for name, value in event.items() if value}

    def _prepare_cancel_event(self):
        """The charger takes the crossing back."""
        return {
            **{
                name: value
                for name, value in self._prepare_event().items()
                if name in ("ref", "occurred_at", "plaza", "source", "handheld")
            },
            "status": "cancel",
        }

    def _prepare_fate(self):
        """What became of it: the crossing's fate where there is one."""
        self.ensure_one()
        crossing = self.crossing_id
        if crossing and self.state == "sent":
            record, reason = crossing, crossing.reason
            state = crossing.state
        else:
            record, reason, state = self, self.reason, self.state
        labels = dict(record._fields["reason"]._description_selection(self.env))
        return {
            "ref": self.ref,
            "state": state,
            "reason": reason or None,
            "message": labels.get(reason, ""),
        }
