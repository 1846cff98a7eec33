from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import outcomes
from ..queries import encoding as queries
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

    # === OUTCOMES === #

    def _lock(self):
        """Lock, and read again: what the screen or the agent saw may be old."""
        if self:
            self.env.flush_all()  # statements read tables, not the cache
            self.env.execute_query(queries.lock_jobs(self))
            self.invalidate_recordset()

    def _accept(self, result):
        """What the agent reports is what was ordered: the TAG is ready."""
        self.ensure_one()
        self.write(
            {
                "read_epc": result.epc,
                "read_tid": result.tid,
                "rssi": result.rssi,
                "seconds": result.seconds,
            }
        )
        if self.kind == "read":
            self._close("done")
            return
        problem, text = self._find_double(result), None
        if not problem:
            problem, text = self._keep_codes(result)
        if problem == "duplicate_tid":
            self._reject(problem)
        elif problem:
            self._give_to_person(problem, text)

    def _keep_codes(self, result):
        """Write the TAG; what hinders it is (code, sentence), and the result stays."""
        try:
            with self.env.cr.savepoint():
                self.lot_id._toll_set_encoded(
                    result.epc, result.tid, self.secret_version
                )
                self._close("done")
        except UniqueViolation as error:
            # somebody else's TAG got the code while this one was being written
            is_tid = "tid" in (error.diag.constraint_name or "")
            return "duplicate_tid" if is_tid else "duplicate_epc", None
        except UserError as error:
            return "readback_differs", str(error)
        return None, None

    def _find_double(self, result):
        """Why this chip cannot be this TAG: two of them would be on the road."""
        # whatever company they belong to: lanes do not know companies
        others_sudo = self.env["stock.lot"].sudo().with_context(active_test=False)
        for code, field, value in (
            ("duplicate_tid", "toll_tid", result.tid),
            ("duplicate_epc", "toll_epc", result.epc),
        ):
            other = others_sudo.search(
                [(field, "=", value), ("id", "!=", self.lot_id.id)], limit=1
            )
            if other:
                self._alert(
                    self.env._(
                        "%(tag)s: the chip %(tid)s was written with EPC %(epc)s, but "
                        "TAG %(other)s has it on record. Check both TAGs.",
                        tag=self.lot_id.name,
                        tid=result.tid,
                        epc=result.epc,
                        other=other.name
                        if other.company_id == self.company_id
                        else self.env._("(of another company)"),
                    )
                )
                return code
        written = self.attempt_ids.filtered(
            lambda attempt: (
                attempt.state == "late"
                and attempt.epc == self.epc
                and attempt.tid != result.tid
            )
        )
        return "two_chips" if written else None

    def _fail(self, code, result):
        """One fault more: again, or to the defective ones."""
        self.ensure_one()
        fault = code in outcomes.TAG_FAULTS
        vals = {
            "error": code,
            "message": result.message or False,
            "read_epc": result.epc,
            "read_tid": result.tid,
            "rssi": result.rssi,
            "seconds": result.seconds,
            "fault_count": self.fault_count + fault,
        }
        if fault and result.tid and not self.expect_tid:
            vals["expect_tid"] = result.tid
        self.write(vals)
        if self.kind == "read":
            self._close("failed")
            return
        limit = self.batch_id.max_attempts
        if outcomes.next_step(code, self.fault_count, limit) == "reject":
            self._reject(code)
        elif self.batch_id.state == "cancelled":
            self._close("cancelled")
        else:
            self.state = "waiting"

    def _reject(self, code):
        """TAG, stock and job together, or a person decides."""
        self.ensure_one()
        labels = dict(self._fields["error"]._description_selection(self.env))
        location = (
            self.encoder_id.defective_location_id
            or self.company_id._toll_defective_location()
        )
        try:
            with self.env.cr.savepoint():
                self.lot_id._toll_set_rejected(
                    location,
                    self.batch_id.name,
                    self.env._(
                        "Rejected in %(batch)s: %(reason)s",
                        batch=self.batch_id.name,
                        reason=labels[code],
                    ),
                )
                self.error = code
                self._close("rejected")
        except UserError as error:
            self._give_to_person("stock", str(error))

    def _give_to_person(self, code, text=None):
        """Nothing is lost, nothing is decided: somebody has to look."""
        self.write({"error": code, "message": text or self.message, "done_at": False})
        self.state = "failed"

    def _take_late(self, attempt, result, fault):
        """An answer that comes after the TAG was given to another encoder.

        While nobody has begun with it, it is the answer. Otherwise two chips may carry
        the same code now.
        """
        self.ensure_one()
        if fault or result.state != "done":
            return
        if self.state == "waiting":
            self.encoder_id = attempt.encoder_id
            self._accept(result)
        elif self.read_tid != result.tid:
            if self.state == "done":
                self._give_to_person("two_chips")
                self.batch_id._reopen()
            self._alert(
                self.env._(
                    "%(encoder)s says late that it wrote the EPC of %(tag)s into the "
                    "chip %(tid)s. Another encoder had the TAG by then: take one of "
                    "the two chips out of use.",
                    encoder=attempt.encoder_id.name,
                    tag=self.lot_id.name,
                    tid=result.tid,
                )
            )

    def _close(self, state):
        self.write({"state": state, "done_at": fields.Datetime.now()})
        if state == "done":
            self.write({"error": False, "message": False})

    def _alert(self, text):
        """Somebody must know: the one who runs the batch."""
        self.batch_id.message_post(body=text)
        self.batch_id.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.env._("Two TAGs with one code"),
            note=text,
            user_id=self.batch_id.user_id.id or self.env.uid,
        )

    def _passwords(self):
        """{purpose: password} of this TAG as its policy wants."""
        self.ensure_one()
        policy = self.policy_id
        Secret = self.env["toll.secret"]
        return {
            purpose: Secret._password(
                self.company_id, self.secret_version, purpose, self.epc
            )
            if policy[f"{purpose}_password"] == "derived"
            else None
            for purpose in ("access", "kill")
        }
