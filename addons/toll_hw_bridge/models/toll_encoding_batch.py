from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.toll_tag_stock.core.epc import normalize

from .toll_encoding_job import OPEN_STATES

BATCH_STATES = [
    ("draft", "Draft"),
    ("running", "Running"),
    ("paused", "Paused"),
    ("done", "Done"),
    ("cancelled", "Cancelled"),
]
# Changed by the batch's own methods only.
GUARDED = {"state", "name", "started_at", "finished_at", "company_id"}
COUNTS = ("waiting", "sent", "done", "failed", "rejected", "cancelled")


class TollEncodingBatch(models.Model):
    """TAGs to encode, one after the other, by one or more encoders."""

    _name = "toll.encoding.batch"
    _description = "Encoding Batch"
    _inherit = ["mail.thread", "mail.activity.mixin", "bus.listener.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True, copy=False, default="/")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        tracking=True,
        domain="[('share', '=', False)]",
        default=lambda self: self.env.user,
    )
    encoder_ids = fields.Many2many(
        "toll.encoder",
        string="Encoders",
        check_company=True,
        default=lambda self: self._default_encoder_ids(),
        help="Each takes the next TAG when it is free.",
    )
    class_id = fields.Many2one(
        "toll.vehicle.class",
        string="Class to Write",
        help="For TAGs without a vehicle, where the policy writes the class.",
    )
    picking_id = fields.Many2one(
        "stock.picking",
        string="Receipt",
        readonly=True,
        copy=False,
        index="btree_not_null",
        check_company=True,
    )
    order = fields.Selection(
        [
            ("number", "First Number First"),
            ("reverse", "Last Number First"),
            ("given", "As They Were Added"),
        ],
        string="Order of the TAGs",
        required=True,
        default="number",
        help="The order in which they lie in the box.",
    )
    max_attempts = fields.Integer(
        string="Attempts per TAG",
        required=True,
        default=3,
        help="A TAG that fails so often goes to the defective ones. A missing TAG or a "
        "loose cable does not count.",
    )
    state = fields.Selection(
        BATCH_STATES,
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    started_at = fields.Datetime(string="Started", readonly=True, copy=False)
    finished_at = fields.Datetime(string="Finished", readonly=True, copy=False)
    job_ids = fields.One2many("toll.encoding.job", "batch_id", string="TAGs")
    job_count = fields.Integer(string="All TAGs", compute="_compute_counts")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_counts")
    sent_count = fields.Integer(string="On an Encoder", compute="_compute_counts")
    done_count = fields.Integer(string="Done", compute="_compute_counts")
    failed_count = fields.Integer(string="To Decide", compute="_compute_counts")
    rejected_count = fields.Integer(string="Rejected", compute="_compute_counts")
    cancelled_count = fields.Integer(string="Cancelled", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts")
    current_job_ids = fields.Many2many(
        "toll.encoding.job",
        string="On the Encoders Now",
        compute="_compute_current_job_ids",
    )
    trouble = fields.Char(
        compute="_compute_trouble", help="What keeps the encoders from working."
    )
    has_perma_lock = fields.Boolean(compute="_compute_has_perma_lock")

    _max_attempts_range = models.Constraint(
        "CHECK (max_attempts BETWEEN 1 AND 10)", "A TAG gets 1 to 10 attempts."
    )

    @api.model
    def _default_encoder_ids(self):
        """The office's encoders, or the only one there is."""
        Encoder = self.env["toll.encoder"]
        mine = Encoder.search([("company_id", "=", self.env.company.id)])
        office = self.env.user.toll_office_id
        here = mine.filtered(lambda encoder: encoder.office_id == office)
        return here or (mine if len(mine) == 1 else Encoder)

    # === COMPUTE METHODS === #

    @api.depends("job_ids.state")
    def _compute_counts(self):
        counts = {
            (batch, state): count
            for batch, state, count in self.env["toll.encoding.job"]._read_group(
                [("batch_id", "in", self.ids)], ["batch_id", "state"], ["__count"]
            )
        }
        for batch in self:
            total = 0
            for state in COUNTS:
                count = counts.get((batch._origin, state), 0)
                batch[f"{state}_count"] = count
                total += count
            batch.job_count = total
            over = batch.done_count + batch.rejected_count + batch.cancelled_count
            batch.progress = 100 * over / total if total else 0

    @api.depends("job_ids.state", "job_ids.encoder_id")
    def _compute_current_job_ids(self):
        for batch in self:
            batch.current_job_ids = self.env["toll.encoding.job"].search(
                [
                    ("batch_id", "=", batch._origin.id),
                    ("state", "in", ("sent", "waiting")),
                    ("encoder_id", "!=", False),
                ]
            )

    @api.depends("state", "encoder_ids.state", "encoder_ids.fault")
    def _compute_trouble(self):
        for batch in self:
            batch.trouble = False
            if batch.state == "running":
                batch.trouble = " · ".join(
                    self.env._(
                        "%(encoder)s: %(trouble)s",
                        encoder=encoder.name,
                        trouble=encoder._trouble(),
                    )
                    for encoder in batch.encoder_ids
                    if encoder.state in ("offline", "error")
                )

    @api.depends("job_ids.lot_id")
    def _compute_has_perma_lock(self):
        products = {
            batch: product
            for batch, product in self.env["toll.encoding.job"]._read_group(
                [("batch_id", "in", self.ids)],
                ["batch_id"],
                ["product_id:recordset"],
            )
        }
        for batch in self:
            templates = products.get(batch._origin, self.env["product.product"])
            policies = templates.sudo().toll_encoding_policy_id  # a warning for all
            batch.has_perma_lock = any(policies.mapped("has_perma_lock"))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals = self._check_guarded(vals, {"company_id"})
        batches = super().create(vals_list)
        for batch in batches:
            sequence = self.env["ir.sequence"].with_company(batch.company_id)
            batch.sudo().name = (  # the number is not the user's to choose
                sequence.next_by_code("toll.encoding.batch") or "/"
            )
        return batches

    def write(self, vals):
        self._check_guarded(vals)
        return super().write(vals)

    def _check_guarded(self, vals, allowed=frozenset()):
        if not self.env.su and (GUARDED - allowed) & vals.keys():
            raise AccessError(
                self.env._("A batch changes through its buttons: start, pause, cancel.")
            )
        return vals

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        for batch in self:
            if batch.sudo().started_at:  # whoever deletes it, begun is begun
                raise UserError(
                    self.env._(
                        "%s was started and stays on record: cancel it.", batch.name
                    )
                )

    # === TAGS OF THE BATCH === #

    def _add_lots(self, lots):
        """More TAGs to encode; returns their jobs."""
        self.ensure_one()
        self.check_access("write")
        lots.check_access("read")
        if self.state != "draft":
            raise UserError(self.env._("%s has been started already.", self.name))
        if not lots:
            raise UserError(self.env._("Choose at least one TAG."))
        self._check_lots(lots)
        # nobody writes jobs but this method and the bridge
        jobs_sudo = self.env["toll.encoding.job"].sudo()
        first = len(self.job_ids)
        return jobs_sudo.create(
            [
                {
                    "batch_id": self.id,
                    "lot_id": lot.id,
                    "company_id": self.company_id.id,
                    "position": first + number,
                }
                for number, lot in enumerate(lots, start=1)
            ]
        )

    def _check_lots(self, lots):
        for lot in lots:
            if lot.toll_state != "new" and not lot.toll_class_pending:
                raise UserError(
                    self.env._(
                        "%(tag)s is not a new TAG: only TAGs that wait for their EPC, "
                        "or for the class of their vehicle, are encoded.",
                        tag=lot.name,
                    )
                )
            if lot.company_id != self.company_id:
                raise UserError(
                    self.env._("TAG %(tag)s is of another company.", tag=lot.name)
                )
        busy = self.env["toll.encoding.job"].search(
            [
                ("lot_id", "in", lots.ids),
                ("kind", "=", "encode"),
                ("state", "in", OPEN_STATES),
            ],
            limit=1,
        )
        if busy:
            raise UserError(
                self.env._(
                    "TAG %(tag)s already stands in %(batch)s.",
                    tag=busy.lot_id.name,
                    batch=busy.batch_id.name,
                )
            )

    def _waiting_lots(self, numbers):
        """The new TAGs with these printed numbers, in this order."""
        numbers = [normalize(number) for number in numbers]
        found = {
            lot.name: lot
            for lot in self.env["stock.lot"].search(
                [
                    ("name", "in", numbers),
                    ("toll_state", "!=", False),
                    ("company_id", "=", self.company_id.id),
                ]
            )
        }
        missing = [number for number in numbers if number not in found]
        if missing:
            raise UserError(
                self.env._("There is no TAG %(tag)s: receive it first.", tag=missing[0])
            )
        return self.env["stock.lot"].union(*(found[number] for number in numbers))

    # === ACTIONS === #

    def action_print_labels(self):
        """Labels of the TAGs that are ready; extend _open_labels() for others."""
        self.ensure_one()
        lots = self.job_ids.filtered(lambda job: job.state == "done").lot_id
        if not lots:
            raise UserError(self.env._("No TAG of %s is ready yet.", self.name))
        return self._open_labels(lots)

    def _open_labels(self, lots):
        return self.env["toll.tag.label"]._open(lots=lots)

    def action_add(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.actions"]._for_xml_id(
                "toll_hw_bridge.toll_encoding_add_action"
            ),
            "context": {"default_batch_id": self.id},
        }

    def action_view_jobs(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_hw_bridge.toll_encoding_job_action"
        )
        return {**values, "domain": [("batch_id", "=", self.id)], "context": {}}

    def action_view_rejected(self):
        return {
            **self.action_view_jobs(),
            "name": self.env._("Rejected TAGs"),
            "domain": [("batch_id", "=", self.id), ("state", "=", "rejected")],
        }

    def _action_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }
