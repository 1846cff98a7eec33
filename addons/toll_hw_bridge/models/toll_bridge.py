import uuid

from odoo import api, fields, models

from ..core import outcomes, passwords
from ..core.errors import BridgeError
from ..queries import encoding as queries
from .faults import FAULTS
from .toll_encoder import LEASE

CODES = {code for code, _label in FAULTS}


class TollBridge(models.AbstractModel):
    """The three things that an agent says, each in one transaction.

    Hello: which encoder am I?  Poll: what is next?  Result: this came out of it.
    Runs for the encoder of the agent's key, in superuser mode: there is no user at the
    other end, and the encoder's own jobs are all that can be reached.

    An encoder has one attempt at a time. While it is open, every poll answers the same
    attempt, so a lost answer costs nothing; the agent knows by its name whether it did
    it already. A result counts once, whatever happened to the connection.
    """

    _name = "toll.bridge"
    _description = "Bridge to the Encoder Agents"

    # === HELLO === #

    @api.model
    def _hello(self, encoder, hello):
        encoder._lock()
        if encoder._is_other_agent(hello.boot, hello.host):
            raise self._other_agent(encoder)
        if encoder.fault in outcomes.STATION_FAULTS and encoder.boot != hello.boot:
            encoder._clear_fault()
        encoder._set_seen(
            boot=hello.boot,
            host=hello.host,
            agent_version=hello.agent,
            firmware=hello.firmware,
            reported_power=hello.power or 0.0,
            writes_user_memory=hello.user_memory,
        )
        return {
            "encoder": encoder.name,
            "protocol": encoder.protocol,
            "url": encoder.url,
            "region": encoder.region,
            "power_dbm": encoder.power_dbm,
            "poll_seconds": encoder.poll_seconds,
            "server_time": f"{fields.Datetime.now().isoformat()}Z",
        }

    @api.model
    def _other_agent(self, encoder):
        return BridgeError(
            "other_agent",
            f"Another agent works with the key of {encoder.name} "
            f"(on {encoder.host or '?'}). Say hello again when it has stopped.",
        )

    # === POLL === #

    @api.model
    def _poll(self, encoder, poll):
        encoder._lock()
        if encoder._is_other_agent(poll.boot):
            raise self._other_agent(encoder)
        attempt = self._open_attempt(encoder, poll.boot)
        if attempt is None:
            attempt = self._next_attempt(encoder, poll.boot)
        encoder._set_seen(boot=poll.boot)
        return {
            "job": self._prepare_job(attempt) if attempt else None,
            "poll_seconds": encoder.poll_seconds,
        }

    @api.model
    def _open_attempt(self, encoder, boot):
        """The attempt that this encoder has not answered; None when there is none.

        An agent that started again without a word gets it when the lease is over.
        """
        attempt = self.env["toll.encoding.attempt"].search(
            [("encoder_id", "=", encoder.id), ("state", "=", "sent")], limit=1
        )
        if not attempt:
            return None
        now = fields.Datetime.now()
        if boot not in (attempt.boot, encoder.boot) and attempt.sent_at > now - LEASE:
            return attempt.browse()
        if attempt.boot != boot:
            attempt.boot = boot
        return attempt

    @api.model
    def _next_attempt(self, encoder, boot):
        now = fields.Datetime.now()
        found = self.env.execute_query(queries.next_read(encoder))
        if not found and not (encoder.retry_at and encoder.retry_at > now):
            found = self.env.execute_query(queries.next_job(encoder))
        if not found:
            rows = self.env.execute_query(queries.finished_batches(encoder))
            self.env["toll.encoding.batch"].browse(row[0] for row in rows)._finish()
            return self.env["toll.encoding.attempt"]
        job = self.env["toll.encoding.job"].browse(found[0][0])
        job.invalidate_recordset()
        job.write(
            {"state": "sent", "encoder_id": encoder.id, "attempts": job.attempts + 1}
        )
        attempt = self.env["toll.encoding.attempt"].create(
            {
                "uuid": str(uuid.uuid4()),
                "job_id": job.id,
                "encoder_id": encoder.id,
                "boot": boot,
                "sent_at": now,
            }
        )
        job.batch_id._notify()
        return attempt

    @api.model
    def _prepare_job(self, attempt):
        """The order as the agent reads it; the passwords exist only in this answer."""
        job = attempt.job_id
        answer = {
            "id": job.id,
            "attempt": attempt.uuid,
            "kind": job.kind,
            "epc": job.epc or None,
            "access": None,
            "kill": None,
            "lock": None,
            "user": None,
            "expect_tid": job.expect_tid or None,
            "expect_epc": None,
            "number": job.lot_id.name or None,
            "position": job.position,
            "total": job.batch_id.job_count,
        }
        if job.kind == "encode":
            answer.update(
                job._passwords(),
                lock=job.policy_id._prepare_lock(),
                user=job.user_data or None,
            )
        return answer

    # === RESULT === #

    @api.model
    def _result(self, encoder, result):
        encoder._lock()
        attempt = self.env["toll.encoding.attempt"].search(
            [("uuid", "=", result.attempt)], limit=1
        )
        self._check_attempt(encoder, attempt, result)
        job = attempt.job_id
        job._lock()
        attempt.invalidate_recordset()
        if attempt._is_answered():
            if not attempt._same_answer(result):
                raise BridgeError(
                    "result_differs", "This attempt was answered otherwise before."
                )
            return self._prepare_answer(attempt, repeated=True)
        result = self._clean(job, result)
        fault = self._find_fault(job, result)
        released = attempt.state == "released"
        attempt.write(self._prepare_attempt_vals(result, fault, released))
        encoder._set_seen()
        if released:
            job._take_late(attempt, result, fault)
            if job.state == "done" and job.read_tid == result.tid:
                attempt.state = "done"
        elif fault:
            self._tell_trouble(encoder, fault, result)
            job._fail(fault, result)
        else:
            encoder._clear_fault()
            job._accept(result)
        job.batch_id._finish()
        return self._prepare_answer(attempt, repeated=False)

    @api.model
    def _check_attempt(self, encoder, attempt, result):
        """An agent answers for what its own encoder was given, nothing else."""
        if not attempt:
            raise BridgeError("unknown_attempt", "Nobody was given this attempt.")
        if attempt.encoder_id != encoder:
            raise BridgeError(
                "wrong_encoder", "This attempt was given to another encoder."
            )
        if attempt.job_id.id != result.job:
            raise BridgeError("wrong_job", "This attempt is of another job.")

    @api.model
    def _clean(self, job, result):
        """The result without the TAG's passwords, should an agent ever send them."""
        if job.kind != "encode" or not job.secret_version:
            return result
        secrets = list(job._passwords().values())
        return result._replace(
            message=passwords.redact(result.message, secrets),
            log=passwords.redact(result.log, secrets),
        )

    @api.model
    def _find_fault(self, job, result):
        """The code of what went wrong, or None."""
        if result.state == "failed":
            return result.error if result.error in outcomes.KNOWN else "protocol"
        if job.kind == "read":
            return None
        return outcomes.judge(
            result.state,
            result.epc,
            result.tid,
            job.epc,
            job.expect_tid or None,
            result.user,
            job.user_data,
        )

    @api.model
    def _prepare_attempt_vals(self, result, fault, released):
        answer = "failed" if fault else "done"
        return {
            "state": "late" if released else answer,
            "answered_at": fields.Datetime.now(),
            "reported": result.state,
            "epc": result.epc,
            "tid": result.tid,
            "error": fault,
            "message": result.message or result.error,
            "rssi": result.rssi,
            "seconds": result.seconds,
            "log": result.log,
        }

    @api.model
    def _tell_trouble(self, encoder, fault, result):
        """A fault of the TAG is the TAG's; any other one shows on the encoder."""
        if fault in outcomes.TAG_FAULTS | outcomes.UNFIT_FAULTS:
            encoder._clear_fault()
        else:
            encoder._set_fault(fault, result.message, outcomes.pause_seconds)

    @api.model
    def _prepare_answer(self, attempt, repeated):
        late = attempt.state == "late"
        return {
            "accepted": not late,
            "job_state": attempt.job_id.state,
            "repeated": repeated,
        }
