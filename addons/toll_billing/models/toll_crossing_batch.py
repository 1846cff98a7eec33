import base64
import io
import os

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..core import intake
from ..queries import crossing_batch as queries
from ..queries.crossing_table import FATES
from .toll_crossing_loader import CHUNK

#: Files above this size are loaded by the command line or as a job, not in a request.
MAX_INLINE_BYTES = 64 * 1024 * 1024


class TollCrossingBatch(models.Model):
    """A received file (or a day of API events) and the fate of each of its rows."""

    _name = "toll.crossing.batch"
    _description = "Toll Crossing Batch"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "id desc"
    _check_company_auto = True
    # whoever loads files may not say by hand what came of one
    _guarded = frozenset(
        {
            "name",
            "operator_id",
            "company_id",
            "kind",
            "profile_id",
            "sha256",
            "size",
            "attachment_id",
            "state",
            "fault",
            "fault_line",
            "fault_column",
            "repeat_count",
            "finished_at",
        }
    )

    name = fields.Char(required=True, readonly=True)
    operator_id = fields.Many2one(
        "toll.operator", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="operator_id.currency_id")
    kind = fields.Selection(
        [("file", "File"), ("api", "API"), ("handheld", "Hand-held")],
        required=True,
        readonly=True,
        default="file",
    )
    profile_id = fields.Many2one(
        "toll.intake.profile",
        readonly=True,
        help="The file's layout; empty means the universal crossing file.",
    )
    sha256 = fields.Char(string="SHA-256", readonly=True, index="btree_not_null")
    size = fields.Integer(string="Size (bytes)", readonly=True, aggregator=None)
    attachment_id = fields.Many2one("ir.attachment", string="File", readonly=True)
    state = fields.Selection(
        [
            ("loading", "Loading"),
            ("done", "Done"),
            ("refused", "Refused"),
        ],
        required=True,
        readonly=True,
        default="loading",
        index=True,
        tracking=True,
    )
    fault = fields.Char(readonly=True, help="Why the file as a whole was refused.")
    fault_line = fields.Integer(readonly=True, aggregator=None)
    fault_column = fields.Char(readonly=True)
    repeat_count = fields.Integer(
        string="Received again",
        readonly=True,
        help="How often the very same file came again; nothing of it was loaded twice.",
    )
    finished_at = fields.Datetime(readonly=True)
    received = fields.Integer(compute="_compute_tally")
    posted = fields.Integer(compute="_compute_tally")
    held = fields.Integer(compute="_compute_tally", search="_search_held")
    rejected = fields.Integer(compute="_compute_tally")
    duplicate = fields.Integer(compute="_compute_tally")
    offset = fields.Integer(compute="_compute_tally")
    amount_received = fields.Monetary(compute="_compute_tally")
    amount_posted = fields.Monetary(compute="_compute_tally")
    amount_held = fields.Monetary(compute="_compute_tally")
    amount_rejected = fields.Monetary(compute="_compute_tally")
    amount_duplicate = fields.Monetary(compute="_compute_tally")
    amount_offset = fields.Monetary(compute="_compute_tally")
    is_conserved = fields.Boolean(
        compute="_compute_tally",
        help="Every received row has exactly one fate, in number and in money.",
    )

    _file_once = models.UniqueIndex(
        "(operator_id, sha256) WHERE sha256 IS NOT NULL",
        "This file of this operator was received before.",
    )
    _api_day_once = models.UniqueIndex(
        "(operator_id, company_id, name) WHERE kind = 'api'"
    )

    # === COMPUTE METHODS === #
    def _compute_tally(self):
        """Counts are the sums of the append-only tallies, never a stored number."""
        tallies = {}
        if ids := self.ids:
            self.env.cr.execute(queries.tally_by_batch(ids))
            tallies = {row["batch_id"]: row for row in self.env.cr.dictfetchall()}
        for batch in self:
            row = tallies.get(batch.id, {})
            for name in ("received", *FATES):
                batch[name] = row.get(name, 0)
                batch[f"amount_{name}"] = row.get(f"amount_{name}", 0)
            batch.is_conserved = batch.state != "loading" and (
                batch.received == sum(batch[fate] for fate in FATES)
            )

    def _search_held(self, operator, value):
        if operator not in (">", "=", "!=", "in", "not in"):
            return NotImplemented
        held = self.env["toll.crossing"]._search([("state", "=", "held")])
        self.env.cr.execute(held.select("DISTINCT batch_id"))
        ids = [row[0] for row in self.env.cr.fetchall()]
        wants_none = (operator in ("=", "in")) and not any(
            value if isinstance(value, (list, tuple, set)) else [value]
        )
        return [("id", "not in" if wants_none else "in", ids)]

    def _lines_done(self):
        """Last line of the file whose fate is committed."""
        self.env.cr.execute(queries.tally_by_batch(self.ids))
        rows = self.env.cr.dictfetchall()
        return rows[0]["line_to"] or 0 if rows else 0

    def _layout(self):
        self.ensure_one()
        return (
            self.profile_id._layout() if self.profile_id else intake.Layout.universal()
        )

    # === RECEIVING === #
    @api.model
    def _operator_by_code(self, code):
        operator = self.env["toll.operator"].search([("code", "=", code)])
        if not operator:
            known = ", ".join(operator.search([("code", "!=", False)]).mapped("code"))
            raise UserError(
                self.env._(
                    "There is no operator with code %(code)s. Known: %(known)s.",
                    code=code,
                    known=known,
                )
            )
        return operator

    @api.model
    def _profile_by_code(self, code):
        if not code:
            return self.env["toll.intake.profile"]
        profile = self.env["toll.intake.profile"].search([("code", "=", code)])
        if not profile:
            raise UserError(
                self.env._("There is no intake profile with code %(code)s.", code=code)
            )
        return profile

    @api.model
    def _receive(self, operator, profile, name, digest, size):
        """Return (batch, is new) for a file: the same content is the same batch."""
        domain = [("operator_id", "=", operator.id), ("sha256", "=", digest)]
        batch = self.search(domain)
        if batch:
            if batch.state != "loading":
                batch._note_repeat(name)
            return batch, False
        # guarded fields; every caller has checked who loads
        batch_sudo = self.sudo().create(
            {
                "name": name,
                "operator_id": operator.id,
                "profile_id": profile.id,
                "sha256": digest,
                "size": size,
            }
        )
        return batch_sudo.sudo(self.env.su), True

    def _note_repeat(self, name):
        self.ensure_one()
        # guarded fields, here and below; every caller has checked who loads
        self.sudo().repeat_count += 1
        self.message_post(
            body=self.env._(
                "Received again as %(name)s: the same content, so nothing was loaded.",
                name=name,
            )
        )

    def _check_loader(self):
        if not self.env.su and not self.env.user.has_group(
            "toll_account.group_toll_analyst"
        ):
            raise AccessError(self.env._("Only analysts may load crossing files."))

    @api.model
    def load(self, operator_code, profile, filename, content_base64):
        """Load a crossing file and return the id of its batch.

        :param str operator_code: whose crossings these are
        :param profile: code of an intake profile; empty for the universal file
        :param str filename: as the sender named it
        :param str content_base64: the file, plain or gzip, at most 64 MiB
        :return: batch id; the same content again returns the same batch
        :raises UserError: unknown operator or profile, file too large, not base64
        """
        self._check_loader()
        operator = self._operator_by_code(operator_code)
        profile = self._profile_by_code(profile)
        try:
            content = base64.b64decode(content_base64 or "", validate=True)
        except ValueError as error:
            raise UserError(self.env._("The content is not base64.")) from error
        if len(content) > MAX_INLINE_BYTES:
            raise UserError(
                self.env._(
                    "The file is larger than %(limit)s MiB; load it with the command"
                    " line (odoo toll import).",
                    limit=MAX_INLINE_BYTES // 2**20,
                )
            )
        digest = intake.file_digest(io.BytesIO(content))
        batch, is_new = self._receive(operator, profile, filename, digest, len(content))
        if is_new:
            batch._keep_file(filename, content)
        if batch.state == "loading":
            batch._load_inline(content)
        return batch.id

    def _keep_file(self, filename, content):
        self.sudo().attachment_id = self.env["ir.attachment"].create(
            {
                "name": filename,
                "raw": content,
                "res_model": self._name,
                "res_id": self.id,
                "mimetype": "application/octet-stream",
            }
        )

    def _load_inline(self, content):
        """Load a small file inside the caller's transaction: all of it or nothing."""
        self.ensure_one()
        loader = self.env["toll.crossing.loader"]
        read_committed = loader._is_read_committed()
        try:
            # damage found late in the file takes back what was loaded before it
            with (
                self.env.cr.savepoint(),
                intake.open_source(io.BytesIO(content)) as stream,
            ):
                for chunk in intake.iter_chunks(
                    stream,
                    self._layout(),
                    self.operator_id._intake_context(),
                    skip=self._lines_done(),
                ):
                    loader._load_chunk(self, chunk, read_committed)
                loader._cancel(self, read_committed)
        except intake.IntakeError as error:
            self._refuse(error)
            return
        self._finish()

    def _finish(self):
        self.sudo().write({"state": "done", "finished_at": fields.Datetime.now()})
        # Wallets went down: charge those who asked for it, soon.
        self.env.ref("toll_account.ir_cron_auto_topup").sudo()._trigger()
        self.env.invalidate_all()

    def _refuse(self, error):
        """Note why the file as a whole cannot be used; rows already in stay counted."""
        fault = str(error)
        if done := self._lines_done():
            fault = self.env._(
                "%(fault)s The %(done)s rows before the damage were loaded.",
                fault=fault,
                done=done,
            )
        self.sudo().write(
            {
                "state": "refused",
                "fault": fault,
                "fault_line": error.line or 0,
                "fault_column": error.column,
                "finished_at": fields.Datetime.now(),
            }
        )

    @api.model
    def _load_path(
        self, path, operator_code, profile_code, progress=None, chunk_size=CHUNK
    ):
        """Load a file from disk in committed chunks; finish one that was interrupted.

        :return: (batch, is new, seconds per stage); batch in state done or refused
        """
        spent = {}
        with open(path, "rb") as raw:
            digest = intake.file_digest(raw)
            size = os.fstat(raw.fileno()).st_size
            raw.seek(0)
            batch, is_new = self._receive(
                self._operator_by_code(operator_code),
                self._profile_by_code(profile_code),
                getattr(raw, "name", path).rsplit("/", 1)[-1],
                digest,
                size,
            )
            self.env.cr.commit()  # pylint: disable=invalid-commit  # the loader's key
            if batch.state == "loading":
                try:
                    with intake.open_source(raw) as stream:
                        spent = self.env["toll.crossing.loader"]._load_stream(
                            batch.id, stream, batch._layout(), progress, chunk_size
                        )
                except intake.IntakeError as error:
                    if error.code == "busy":
                        raise UserError(str(error)) from error
                    batch._refuse(error)
                else:
                    batch._finish()
                self.env.cr.commit()  # pylint: disable=invalid-commit
        return batch, is_new, spent

    def _job_load(self):
        """Queue job: load the attached file in chunks of their own transactions."""
        self.ensure_one()
        if self.state != "loading":
            return
        try:
            with intake.open_source(io.BytesIO(self.attachment_id.raw)) as stream:
                self.env["toll.crossing.loader"]._load_stream(
                    self.id, stream, self._layout()
                )
        except intake.IntakeError as error:
            self._refuse(error)
        else:
            self._finish()

    # === ACTIONS === #
    def _crossing_action(self, name, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_crossing_action"
        )
        return action | {
            "name": name,
            "domain": [("batch_id", "in", self.ids), *domain],
            "context": {"create": False},
        }

    def action_open_crossings(self):
        """Show the batch's rows, of one fate where the button names one."""
        state = self.env.context.get("toll_fate")
        domain = [("state", "=", state)] if state else []
        return self._crossing_action(self.name, domain)

    def action_resume(self):
        """Go on with a file whose loading was interrupted."""
        self._check_loader()
        for batch in self:
            if batch.state != "loading" or not batch.attachment_id:
                raise UserError(
                    self.env._(
                        "Only an interrupted load of a kept file goes on here; a file"
                        " given on the command line goes on by giving it again."
                    )
                )
            batch.with_delay(
                identity_key=f"toll-load-{batch.id}", description=batch.name
            )._job_load()
        return True

    def action_reprocess(self):
        """Resolve the batch's held crossings again."""
        return (
            self.env["toll.crossing"]
            ._held_ids([("batch_id", "in", self.ids)], limit=None)
            .action_reprocess()
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise ValidationError(
            self.env._("A received file is history and is never deleted.")
        )
