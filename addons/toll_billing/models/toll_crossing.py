from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..queries import crossing_review, crossing_table

REASONS = [
    ("unknown_tag", "Unknown TAG"),
    ("unassigned_tag", "TAG not assigned at that time"),
    ("blocked_tag", "TAG lost or stolen at that time"),
    ("unknown_plate", "Unknown plate"),
    ("ambiguous_plate", "Plate of several countries"),
    ("no_identity", "Neither TAG nor plate"),
    ("unknown_plaza", "Unknown plaza"),
    ("unknown_lane", "Unknown lane"),
    ("unknown_class", "Unknown class code"),
    ("unknown_service", "Unknown service"),
    ("inactive_account", "Account not active at that time"),
    ("unauthorised_operator", "Operator not authorised"),
    ("other_operator", "Row of another operator"),
    ("no_tariff", "No tariff"),
    ("class_mismatch", "Class differs from the vehicle's"),
    ("currency_mismatch", "Currency differs from the operator's"),
    ("ambiguous_time", "Local time that happened twice"),
    ("future", "In the future"),
    ("too_old", "Too old"),
    ("repeated", "Received before"),
    ("malformed", "Malformed"),
    ("field_count", "Wrong number of fields"),
    ("line_too_long", "Line too long"),
    ("bad_encoding", "Wrong encoding"),
    ("cancel_unknown", "Cancels an unknown crossing"),
    ("cancel_billed", "Cancels a billed crossing"),
    ("cancelled", "Cancelled by the operator"),
    ("exempted", "Exempt, approved later"),
    ("refused", "Refused in review"),
]


class TollCrossing(models.Model):
    """A toll event that concerns an account, in one of five fates.

    Read-only for the ORM: rows are written by ``queries.crossing_post`` only, for one
    event of the API as for a file of a million.
    """

    _name = "toll.crossing"
    _description = "Toll Crossing"
    _auto = False
    _order = "occurred_at desc, id desc"
    _rec_name = "ref"
    # partitions and their triggers are made in init(), not by the ORM
    _log_access = False

    operator_id = fields.Many2one("toll.operator", readonly=True)
    ref = fields.Char(string="Reference", readonly=True)
    occurred_at = fields.Datetime(string="Crossed at", readonly=True)
    entry_at = fields.Datetime(string="Entered at", readonly=True)
    posted_at = fields.Datetime(readonly=True)
    create_date = fields.Datetime(string="Received at", readonly=True)
    plaza_id = fields.Many2one("toll.plaza", readonly=True)
    lane_id = fields.Many2one("toll.lane", readonly=True)
    entry_plaza_id = fields.Many2one("toll.plaza", readonly=True)
    direction = fields.Char(readonly=True)
    lot_id = fields.Many2one("stock.lot", string="TAG", readonly=True)
    tag = fields.Char(
        string="Unknown TAG",
        readonly=True,
        help="The TAG number as received, where no TAG of ours has it.",
    )
    plate = fields.Char(readonly=True)
    is_plate_removed = fields.Boolean(compute="_compute_is_plate_removed")
    vehicle_id = fields.Many2one("toll.vehicle", readonly=True)
    account_id = fields.Many2one("toll.account", readonly=True)
    partner_id = fields.Many2one(related="account_id.partner_id")
    class_id = fields.Many2one("toll.vehicle.class", readonly=True)
    service = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True, aggregator="sum")
    amount_discount = fields.Monetary(
        string="Discount", readonly=True, aggregator="sum"
    )
    amount_charged = fields.Monetary(
        string="Charged",
        readonly=True,
        aggregator="sum",
        help="Amount less discount: what the account pays.",
    )
    exemption_id = fields.Many2one(
        "toll.exemption",
        readonly=True,
        help="Lets this crossing pass free; the amount says what it would have cost.",
    )
    discount_plan_id = fields.Many2one(
        "toll.discount.plan",
        readonly=True,
        help="Lowered the charge of this crossing; the amount is the full price.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    state = fields.Selection(
        [
            ("posted", "Posted"),
            ("held", "Held"),
            ("rejected", "Rejected"),
            ("duplicate", "Duplicate"),
            ("offset", "Offset"),
        ],
        readonly=True,
    )
    reason = fields.Selection(REASONS, readonly=True)
    detail = fields.Char(readonly=True)
    batch_id = fields.Many2one("toll.crossing.batch", readonly=True)
    line = fields.Integer(string="File line", readonly=True, aggregator=None)
    rate_id = fields.Many2one("toll.tariff.rate", string="Tariff row", readonly=True)
    statement_id = fields.Many2one("toll.statement", readonly=True)
    invoice_id = fields.Many2one(
        "account.move", string="Invoice", related="statement_id.move_id"
    )
    raw = fields.Json(
        string="As received",
        readonly=True,
        prefetch=False,
        groups="toll_account.group_toll_analyst,toll_account.group_toll_manager",
    )
    explanation = fields.Json(
        compute="_compute_explanation",
        help="Why this amount: tariff version and row, class, band, discounts, tax.",
    )

    def init(self):
        for query in (
            crossing_table.create_tables(),
            crossing_table.create_guards(),
            crossing_table.create_view(),
        ):
            self.env.cr.execute(query)
        self._cron_create_partitions()

    # === PARTITIONS === #
    @api.model
    def _ensure_months(self, months):
        """Attach the partition of each month (dates of their first day)."""
        attached = {name for (name,) in self._fetch(crossing_table.attached_months())}
        for first in months:
            if f"toll_crossing_data_y{first:%Y}m{first:%m}" in attached:
                continue
            following = first + relativedelta(months=1)
            self.env.cr.execute(crossing_table.month_partition(first, following))

    @api.model
    def _cron_create_partitions(self, back=1, ahead=3):
        """Make the next months' partitions before anything arrives for them."""
        this_month = fields.Date.context_today(self).replace(day=1)
        self._ensure_months(
            this_month + relativedelta(months=offset)
            for offset in range(-back, ahead + 1)
        )

    @api.model
    def _cron_archive_partitions(self):
        """Detach months older than the online time (24 months unless configured)."""
        months = int(
            # the parameter is the administrator's; no user reads it here
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("toll_billing.online_months", 24)
        )
        oldest = fields.Date.context_today(self).replace(day=1) - relativedelta(
            months=months
        )
        limit = f"toll_crossing_data_y{oldest:%Y}m{oldest:%m}"
        names = [
            name
            for (name,) in self._fetch(crossing_table.attached_months())
            if name.startswith("toll_crossing_data_y") and name < limit
        ]
        # the first local day of which every crossing stays online
        day = oldest + relativedelta(days=1)
        if names and self.env["toll.traffic.day"]._freeze(day):
            for name in names:
                self.env.cr.execute(crossing_table.detach_month(name))

    def _fetch(self, query):
        self.env.cr.execute(query)
        return self.env.cr.fetchall()

    # === COMPUTE METHODS === #
    @api.depends(
        "rate_id",
        "amount",
        "amount_discount",
        "exemption_id",
        "discount_plan_id",
        "service",
        "state",
    )
    def _compute_explanation(self):
        Tariff = self.env["toll.tariff"]
        for crossing in self:
            if crossing.state not in ("posted", "offset", "held"):
                crossing.explanation = False
                continue
            facts = {
                "operator": crossing.operator_id.code,
                "plaza": crossing.plaza_id.code,
                "class": crossing.class_id.code,
                "service": crossing.service,
                "amount": crossing.amount,
                "discount": crossing.amount_discount,
                "discounts": crossing._get_discounts(),
                "source": "tariff" if crossing.rate_id else "operator",
            }
            if crossing.rate_id:
                facts["tariff"] = Tariff._explain(
                    crossing.rate_id.id,
                    occurred_at=crossing.occurred_at,
                    amount=crossing.amount,
                )
            crossing.explanation = facts

    @api.depends("plate")
    def _compute_is_plate_removed(self):
        """A pseudonym begins with a sign that no plate has."""
        for crossing in self:
            crossing.is_plate_removed = (crossing.plate or "").startswith("~")

    def _get_plate(self):
        """The plate, as it is told to people."""
        self.ensure_one()
        if self.is_plate_removed:
            return self.env._("removed after retention")
        return self.vehicle_id.plate or self.plate or ""

    def _get_discounts(self):
        """What lowers the amount, one by one, each with its reason."""
        self.ensure_one()
        # why a crossing is free is for everybody who may see the crossing
        exemption_sudo = self.exemption_id.sudo()
        if not exemption_sudo:
            return self._get_plan_discounts()
        kinds = exemption_sudo._fields["kind"]._description_selection(self.env)
        return [
            {
                "kind": "exempt",
                "exemption": exemption_sudo.name,
                "reason": dict(kinds)[exemption_sudo.kind],
                "legal_basis": exemption_sudo.legal_basis or "",
                "amount": self.amount_discount,
            }
        ]

    def _get_plan_discounts(self):
        """The discount plan that lowered the charge; the best one, never two."""
        # as above: the reason is for everybody who may see the crossing
        plan_sudo = self.discount_plan_id.sudo()
        if not plan_sudo:
            return []
        found = {
            "kind": "plan",
            "plan": plan_sudo.name,
            "code": plan_sudo.code,
            "rule": plan_sudo.rule,
            "amount": self.amount_discount,
        }
        if plan_sudo.rule == "percent":
            return [found | {"percent": plan_sudo.percent}]
        return [found | {"price": plan_sudo.price}]

    @api.depends("ref", "plaza_id", "occurred_at")
    def _compute_display_name(self):
        for crossing in self:
            crossing.display_name = " ".join(
                filter(None, [crossing.plaza_id.code, crossing.ref])
            )

    # === READING LISTS === #
    def web_read(self, specification):
        """What a list or form asks for; only the names of the records it points at.

        Odoo fetches every column of a record whose name is asked for: here some 400 of
        accounts, partners, TAGs, lanes, … for a list that shows none of them.
        """
        for name, wanted in specification.items():
            if list(wanted.get("fields", ())) == ["display_name"]:
                self._fetch_names(self[name])
        return super().web_read(specification)

    @api.model
    def _fetch_names(self, records):
        """Read into the cache what the display names of ``records`` are made of."""
        # a crossing shows the names of what it points at to all who may see it
        records_sudo = records.sudo()
        records_sudo.fetch(["display_name"])
        for path in self.pool.field_depends[records._fields["display_name"]]:
            relation, _, name = path.partition(".")
            if name:
                records_sudo[relation].fetch([name])

    # === CRUD: rows come from queries.crossing_post only === #
    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("Crossings are loaded from files or by the API, not typed in.")
        )

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("A crossing cannot be edited; correct or refuse it in review.")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Crossings are never deleted."))

    # === HELD QUEUE === #
    def _check_reviewer(self):
        """Reviews need the analyst's role and reach only the reviewer's companies."""
        if not self.env.user.has_group("toll_account.group_toll_analyst"):
            raise AccessError(self.env._("Only analysts may review held crossings."))
        self.check_access("read")

    def action_reprocess(self):
        """Resolve held crossings again; those that are all right now are posted."""
        self._check_reviewer()
        released = self._reprocess()
        left = len(self) - len(released)
        return self._review_notice(
            self.env._(
                "%(released)s released, %(left)s still held.",
                released=len(released),
                left=left,
            )
        )

    def action_refuse(self, note):
        """Refuse held crossings for good, with the reviewer's reason.

        :param str note: why; kept with each row
        :raises UserError: no reason given, or a crossing is not held
        """
        self._check_reviewer()
        if not (note or "").strip():
            raise UserError(self.env._("Say why these crossings are refused."))
        rows = self._fetch(
            crossing_review.reject_held(self.ids, "refused", note.strip())
        )
        self.invalidate_model()
        if len(rows) != len(self):
            raise UserError(self.env._("Only held crossings can be refused."))
        return True

    def action_correct(self, changes):
        """Correct what was misread on held crossings and resolve them again.

        :param dict changes: any of tag, plate, plaza, lane, class_code, entry_plaza,
            service, policy (hold, registered, detected: which class to charge)
        """
        self._check_reviewer()
        allowed = {
            "tag",
            "plate",
            "plaza",
            "lane",
            "class_code",
            "entry_plaza",
            "service",
            "policy",
        }
        if unknown := set(changes) - allowed:
            raise UserError(
                self.env._(
                    "These cannot be corrected: %(names)s", names=", ".join(unknown)
                )
            )
        self._correct(changes)
        return self._reprocess()

    def _correct(self, changes):
        payload = fields.Json().convert_to_column(changes, self)
        self.env.cr.execute(crossing_review.correct_held(self.ids, payload))

    def _reprocess(self):
        """Resolve the held ones of ``self`` again; return those no longer held."""
        return self.env["toll.crossing.loader"]._reprocess(self)

    def _review_notice(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "info",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _held_ids(self, domain, limit):
        return self.search([("state", "=", "held"), *domain], limit=limit, order="id")

    # === CHECKS === #
    @api.model
    def _difference_rows(self, query: SQL):
        return [str(row[0]) for row in self._fetch(query)]
