from odoo import fields, models
from odoo.exceptions import UserError

from ..core import user_memory
from ..queries import encoding as queries
from .toll_encoding_job import OPEN_STATES


class TollEncodingBatch(models.Model):
    """How a batch runs: from its codes to its end, and who is told meanwhile."""

    _inherit = "toll.encoding.batch"  # pylint: disable=consider-merging-classes-inherited

    # === ACTIONS === #

    def action_start(self):
        """Give the TAGs their codes and let the encoders begin."""
        for batch in self:
            batch._check_may_run(("draft",))
            if not batch.encoder_ids:
                raise UserError(
                    self.env._("%s: choose the encoders first.", batch.name)
                )
            batch._prepare_jobs()
            batch._set_state("running", started_at=fields.Datetime.now())
        return True

    def action_pause(self):
        """Hand out no more TAGs; those on the plates are finished."""
        for batch in self:
            batch._check_may_run(("running",))
            batch._set_state("paused")
        return True

    def action_resume(self):
        for batch in self:
            batch._check_may_run(("paused",))
            batch._set_state("running")
            batch.encoder_ids.action_continue()
        return True

    def action_cancel(self):
        """Drop the TAGs that were not begun; the others are finished."""
        for batch in self:
            batch_sudo = batch._check_may_run(("draft", "running", "paused"))
            jobs_sudo = batch_sudo.job_ids
            jobs_sudo._lock()
            jobs_sudo.filtered(lambda job: job.state in ("waiting", "failed")).write(
                {"state": "cancelled"}
            )
            batch._set_state("cancelled", finished_at=fields.Datetime.now())
        return True

    def action_retry_failed(self):
        self.job_ids.filtered(lambda job: job.state == "failed").action_retry()
        return True

    # === HELPERS === #

    def _check_may_run(self, states):
        """This batch in superuser mode, locked, in one of these states."""
        self.ensure_one()
        self.check_access("write")
        batch_sudo = self.sudo()  # jobs and state are nobody's to write directly
        batch_sudo._lock()
        if batch_sudo.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(batch)s is in state “%(state)s”: this cannot be done.",
                    batch=self.name,
                    state=labels[self.state],
                )
            )
        return batch_sudo

    def _lock(self):
        self.env.flush_all()  # statements read tables, not the cache
        self.env.execute_query(queries.lock_batch(self))
        self.invalidate_recordset()

    def _set_state(self, state, **vals):
        self.sudo().write({"state": state, **vals})  # checked by _check_may_run
        self._notify()

    def _prepare_jobs(self):
        """Order, codes, policy and key of every TAG, fixed from now on."""
        jobs_sudo = self.sudo().job_ids  # as in _check_may_run
        if not jobs_sudo:
            raise UserError(self.env._("%s: add TAGs first.", self.name))
        moved = jobs_sudo.lot_id.filtered(
            lambda lot: lot.toll_state != "new" and not lot.toll_class_pending
        )
        if moved:
            raise UserError(
                self.env._(
                    "TAG %(tag)s no longer waits to be encoded: take it out of "
                    "%(batch)s.",
                    tag=moved[0].name,
                    batch=self.name,
                )
            )
        if self.order != "given":
            jobs_sudo = jobs_sudo.sorted(
                lambda job: job.lot_id.name, reverse=self.order == "reverse"
            )
        epcs = {
            job: job.lot_id.toll_epc or job.product_id._toll_make_epc(job.lot_id.name)
            for job in jobs_sudo
        }
        self._check_epcs(epcs)
        version = None
        for position, job in enumerate(jobs_sudo, start=1):
            policy = job.product_id.toll_encoding_policy_id
            if policy and not version:
                version = self.env["toll.secret"]._current_version(self.company_id)
            job.write(
                {
                    "position": position,
                    "epc": epcs[job],
                    "expect_tid": job.lot_id.toll_tid,
                    "policy_id": policy.id,
                    "user_data": self._user_data(job, policy),
                    # a chip is opened by the passwords that it has
                    "secret_version": job.lot_id.toll_secret_version
                    or (version if policy else 0),
                }
            )

    def _user_data(self, job, policy):
        """What goes into the user memory: the vehicle's class, where it is known."""
        if not policy.write_class:
            return False
        code = (job.lot_id.toll_vehicle_id.class_id or self.class_id).code
        data = user_memory.encode(code)
        if code and not data:
            raise UserError(
                self.env._(
                    "The code of class %s does not fit into a TAG: at most 12 plain "
                    "letters and digits.",
                    code,
                )
            )
        mute = self.encoder_ids.filtered(
            lambda encoder: encoder.agent_version and not encoder.writes_user_memory
        )
        if data and mute:
            raise UserError(
                self.env._(
                    "%s cannot write user memory: update its agent, or choose other "
                    "encoders.",
                    mute[0].name,
                )
            )
        return data.hex().upper() if data else False

    def _check_epcs(self, epcs):
        """No code twice: neither here nor in any other TAG."""
        by_epc = {}
        for job, epc in epcs.items():
            other = by_epc.setdefault(epc, job)
            if other != job:
                raise UserError(
                    self.env._(
                        "TAGs %(first)s and %(second)s would get the same EPC "
                        "%(epc)s: check the numbers or the scheme of the product.",
                        first=other.lot_id.name,
                        second=job.lot_id.name,
                        epc=epc,
                    )
                )
        lots_sudo = self.env["stock.lot"].sudo()  # EPCs are unique over companies
        taken = lots_sudo.with_context(active_test=False).search(
            [
                ("toll_epc", "in", list(by_epc)),
                ("id", "not in", [job.lot_id.id for job in epcs]),
            ],
            limit=1,
        )
        if taken:
            raise UserError(
                self.env._(
                    "The EPC %(epc)s for TAG %(tag)s already belongs to another TAG.",
                    epc=taken.toll_epc,
                    tag=by_epc[taken.toll_epc].lot_id.name,
                )
            )

    def _finish(self):
        """A batch with nothing left to do is done."""
        for batch in self.filtered(lambda batch: batch.state == "running"):
            open_job = self.env["toll.encoding.job"].search(
                [("batch_id", "=", batch.id), ("state", "in", OPEN_STATES)], limit=1
            )
            if not open_job:
                batch.sudo().write(  # the bridge or a person ended the last TAG
                    {"state": "done", "finished_at": fields.Datetime.now()}
                )
                batch.message_post(
                    body=self.env._(
                        "%(done)s TAGs encoded, %(rejected)s rejected.",
                        done=batch.done_count,
                        rejected=batch.rejected_count,
                    )
                )
        self._notify()

    def _reopen(self):
        """A TAG of a finished batch has to be done again."""
        over = self.filtered(lambda batch: batch.state in ("done", "cancelled"))
        over.sudo().write(  # checked by the action of the job
            {"state": "running", "finished_at": False}
        )
        self._notify()

    def _notify(self):
        """Whoever has the batch on the screen sees it move."""
        for batch in self:
            batch._bus_send("toll_hw_bridge.progress", {"batch_id": batch.id})
