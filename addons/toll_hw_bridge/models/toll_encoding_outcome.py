from psycopg2.errors import UniqueViolation

from odoo import fields, models
from odoo.exceptions import UserError

from ..core import outcomes
from ..queries import encoding as queries


class TollEncodingJob(models.Model):
    """What becomes of a job once its encoder has answered."""

    _inherit = "toll.encoding.job"  # pylint: disable=consider-merging-classes-inherited

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
                    result.epc, result.tid, self.secret_version, result.user
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
        step = outcomes.next_step(code, self.fault_count, limit)
        if step == "reject":
            self._reject(code)
        elif step == "ask":
            self._give_to_person(code)
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
