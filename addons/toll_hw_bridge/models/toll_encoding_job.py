from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .faults import FAULTS
from .toll_encoder import AGENT, MANAGER

JOB_STATES = [
    ("waiting", "Waiting"),
    ("sent", "With the Encoder"),
    ("done", "Done"),
    ("failed", "To Decide"),
    ("rejected", "Rejected"),
    ("cancelled", "Cancelled"),
]
OPEN_STATES = ("waiting", "sent", "failed")


class TollEncodingJob(models.Model):
    """One TAG to encode (or to read, for a test)."""

    _name = "toll.encoding.job"
    _description = "Encoding Job"
    _order = "batch_id desc, position, id"
    _check_company_auto = True

    batch_id = fields.Many2one(
        "toll.encoding.batch", readonly=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("encode", "Encode"), ("read", "Test Read")],
        required=True,
        default="encode",
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    position = fields.Integer(readonly=True, aggregator=None)
    lot_id = fields.Many2one(
        "stock.lot",
        string="TAG",
        readonly=True,
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
    )
    product_id = fields.Many2one(related="lot_id.product_id", store=True)
    encoder_id = fields.Many2one(
        "toll.encoder",
        readonly=True,
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        help="The encoder that began with this TAG; the TAG lies there.",
    )
    policy_id = fields.Many2one(
        "toll.encoding.policy", readonly=True, ondelete="restrict"
    )
    secret_version = fields.Integer(
        string="Master Key Version", readonly=True, aggregator=None
    )
    epc = fields.Char(string="EPC to Write", readonly=True)
    user_data = fields.Char(
        string="User Memory to Write",
        readonly=True,
        help="The vehicle's class with version and checksum, where it is known.",
    )
    expect_tid = fields.Char(
        string="Expected TID",
        readonly=True,
        help="The chip that was on the plate at the last attempt: no other one may be "
        "written in its place.",
    )
    state = fields.Selection(
        JOB_STATES, required=True, default="waiting", readonly=True, index=True
    )
    attempts = fields.Integer(readonly=True, help="How often it was handed out.")
    fault_count = fields.Integer(
        string="Faults of the TAG",
        readonly=True,
        help="Failed attempts for which the TAG itself is to blame. A missing TAG or "
        "a loose cable does not count.",
    )
    error = fields.Selection(FAULTS, string="Last Error", readonly=True)
    message = fields.Char(readonly=True)
    read_epc = fields.Char(string="EPC Read Back", readonly=True)
    read_tid = fields.Char(string="TID", readonly=True)
    rssi = fields.Integer(string="Signal (dBm)", readonly=True, aggregator="avg")
    seconds = fields.Float(readonly=True, digits=(6, 2), aggregator="avg")
    done_at = fields.Datetime(string="Finished", readonly=True)
    attempt_ids = fields.One2many(
        "toll.encoding.attempt", "job_id", string="Attempt History"
    )
    log = fields.Text(compute="_compute_log")
    found_lot_id = fields.Many2one(
        "stock.lot", string="TAG with this Chip or EPC", compute="_compute_found_lot_id"
    )

    _lot_open_uniq = models.UniqueIndex(
        "(lot_id) WHERE kind = 'encode' AND state IN ('waiting', 'sent', 'failed')",
        "This TAG already waits in another batch.",
    )
    _epc_open_uniq = models.UniqueIndex(
        "(epc) WHERE kind = 'encode' AND state IN ('waiting', 'sent', 'failed')",
        "Another TAG that waits for encoding gets the same EPC.",
    )
    _next_idx = models.Index("(batch_id, position, id) WHERE state = 'waiting'")

    # === COMPUTE METHODS === #

    @api.depends("lot_id.name", "kind")
    def _compute_display_name(self):
        for job in self:
            job.display_name = job.lot_id.name or self.env._("Test read %s", job.id)

    @api.depends("attempt_ids.log")
    def _compute_log(self):
        for job in self:
            job.log = "\n".join(
                f"# {number}\n{attempt.log}"
                for number, attempt in enumerate(job.attempt_ids.sorted("id"), start=1)
                if attempt.log
            )

    @api.depends("read_epc", "read_tid", "lot_id")
    def _compute_found_lot_id(self):
        for job in self:
            found = job.lot_id
            if job.kind == "read" and (job.read_tid or job.read_epc):
                Lot = self.env["stock.lot"]
                found = Lot.search(
                    [("toll_tid", "=", job.read_tid or "-")], limit=1
                ) or Lot.search([("toll_epc", "=", job.read_epc or "-")], limit=1)
            job.found_lot_id = found

    # === ACTIONS === #

    def _check_may(self, group):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(
                self.env._(
                    "You are not allowed to do this with TAGs; it takes the role "
                    "%(role)s.",
                    role=self.env.ref(group).sudo().full_name,
                )
            )
        jobs_sudo = self.sudo()  # nobody writes jobs but these methods and the bridge
        jobs_sudo._lock()
        return jobs_sudo

    def _check_state_in(self, states):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for job in self:
            if job.state not in states:
                raise UserError(
                    self.env._(
                        "%(job)s is in state “%(state)s”: this cannot be done.",
                        job=job.display_name,
                        state=labels[job.state],
                    )
                )

    def action_retry(self):
        """Try again from the start, with whatever chip lies on the plate."""
        jobs_sudo = self._check_may(AGENT)
        jobs_sudo._check_state_in(("failed",))
        jobs_sudo.write(
            {
                "state": "waiting",
                "encoder_id": False,
                "fault_count": 0,
                "expect_tid": False,
                "error": False,
                "message": False,
            }
        )
        jobs_sudo.batch_id._reopen()
        return True

    def action_release(self):
        """The encoder is gone for good: any other one may take the TAG."""
        jobs_sudo = self._check_may(MANAGER)
        jobs_sudo._check_state_in(("sent", "waiting"))
        open_attempts = jobs_sudo.attempt_ids.filtered(lambda a: a.state == "sent")
        open_attempts.write({"state": "released", "error": "released"})
        for job in jobs_sudo:
            over = job.kind == "read" or job.batch_id.state == "cancelled"
            job.write(
                {"state": "cancelled" if over else "waiting", "encoder_id": False}
            )
        jobs_sudo.batch_id._notify()
        return True

    def action_reject(self):
        """Give the TAG up: to the defective ones."""
        jobs_sudo = self._check_may(AGENT)
        jobs_sudo._check_state_in(("waiting", "failed"))
        for job in jobs_sudo:
            job._reject(job.error or "by_hand")
        jobs_sudo.batch_id._finish()
        return True

    def _action_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    @api.model
    def _make_test_read(self, encoder):
        encoder._check_agent()
        jobs_sudo = self.sudo()  # as in _check_may
        job_sudo = jobs_sudo.search(
            [
                ("encoder_id", "=", encoder.id),
                ("kind", "=", "read"),
                ("state", "in", OPEN_STATES),
            ],
            limit=1,
        ) or jobs_sudo.create(
            {
                "kind": "read",
                "encoder_id": encoder.id,
                "company_id": encoder.company_id.id,
            }
        )
        return self.browse(job_sudo.id)
