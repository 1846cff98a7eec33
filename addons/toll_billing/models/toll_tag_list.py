import logging
import time
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import tag_list as queries

_logger = logging.getLogger(__name__)

RETRIES = 5
CRON = "toll_billing.ir_cron_toll_tag_list"


class TollTagList(models.Model):
    """What lanes must know of a company's TAGs, in versions.

    One version counts for both lists, of the TAGs to refuse and of those to accept.
    How it is kept: queries/tag_list.py.
    """

    _name = "toll.tag.list"
    _description = "Lists for Lanes"
    _rec_name = "company_id"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    version = fields.Integer(readonly=True, required=True, default=0)
    refreshed_at = fields.Datetime(string="Looked at", readonly=True)
    compared_at = fields.Datetime(
        string="Compared in Full",
        readonly=True,
        help="When all TAGs were last compared, not only those that may have changed.",
    )
    blocked_count = fields.Integer(string="TAGs to Refuse", readonly=True)
    valid_count = fields.Integer(string="TAGs to Accept", readonly=True)
    # numbers, EPCs and plates together
    value_count = fields.Integer(readonly=True)
    # the oldest version from which on the changes are kept
    log_from = fields.Integer(readonly=True, required=True, default=0)
    watermark = fields.Datetime(readonly=True)
    watermark_xid = fields.Char(readonly=True)
    version_ids = fields.One2many(
        "toll.tag.list.version", "list_id", string="Versions", readonly=True
    )

    _company_uniq = models.Constraint(
        "UNIQUE (company_id)", "A company has its lists already."
    )

    @api.depends("company_id", "version")
    def _compute_display_name(self):
        for record in self:
            record.display_name = self.env._(
                "%(company)s, version %(version)s",
                company=record.company_id.name,
                version=record.version,
            )

    @api.model
    def _get(self, company):
        return self.sudo().search([("company_id", "=", company.id)])

    # === KEEPING THEM === #

    @api.model
    def _soon(self):
        """Look for changes as soon as this transaction is committed; once."""
        data = self.env.cr.precommit.data
        if self.env.context.get("toll_list_refresh") or data.get("toll_tag_list"):
            return
        data["toll_tag_list"] = True
        cron_sudo = self.env.ref(CRON, raise_if_not_found=False)
        if cron_sudo:
            cron_sudo.sudo()._trigger()  # whoever changed the status

    @api.model
    def _cron_refresh(self):
        for company in self._find_companies():
            self._run(company)

    @api.model
    def _refresh_all(self):
        """In the transaction that one is in; the next refresh compares everything."""
        for company in self._find_companies():
            self._refresh(company)

    @api.model
    def _cron_compare(self):
        """Compare everything; nothing should be found that was not noticed before."""
        for company in self._find_companies():
            self._run(company, is_full=True)
            days = company.toll_list_keep_days
            self.env.cr.execute(
                queries.forget_changes(
                    self._get(company).id,
                    fields.Datetime.now() - timedelta(days=max(days, 1)),
                )
            )

    @api.model
    def _find_companies(self):
        """Those that have TAGs."""
        lots = self.env["stock.lot"]
        return (
            self.env["res.company"]
            .search([("active", "=", True)])
            .filtered(
                lambda company: lots.search_count(
                    [("company_id", "=", company.id), ("toll_state", "!=", False)],
                    limit=1,
                )
            )
        )

    @api.model
    def _run(self, company, is_full=False):
        """``_refresh`` in a transaction that begins when it is known what ended before.

        One that waited for a rival's may have looked too early: it starts again.
        """
        for attempt in range(1, RETRIES + 1):
            with self.env.registry.cursor() as cr:
                [mark] = self.with_env(self.env(cr=cr))._look()
            try:
                with self.env.registry.cursor() as cr:
                    cr._default_log_exceptions = False
                    env = self.env(cr=cr, su=True)
                    return self.with_env(env)._refresh(
                        company.with_env(env), mark, is_full
                    )
            except SerializationFailure:
                if attempt == RETRIES:
                    raise
                _logger.info("%s: refresh of the lists tried again", company)
                time.sleep(0.1 * attempt)

    @api.model
    def _look(self):
        return self.env.execute_query(queries.watermark())

    @api.model
    def _refresh(self, company, mark=None, is_full=False):
        """Bring the lists up to date; {version, added, changed, removed} if anything.

        :param mark: watermark taken before this transaction; without one the next
            refresh compares everything
        """
        # its own money rules, and all that the ORM has in hand
        self = self.with_context(toll_list_refresh=True)
        self.env.flush_all()
        run = self.env.execute_query
        self.env.cr.execute(queries.take_turn(company.id))
        self.env.cr.execute(queries.create_list(company.id))
        [[list_id, _version, since, xid, last]] = run(queries.lock_list(company.id))
        is_full = is_full or not since
        self.env["toll.tag.status"].sudo()._follow_moved(
            company, None if is_full else (since, xid)
        )
        now = fields.Datetime.now()
        if not is_full:
            self.env.cr.execute(queries.touch(company.id, since, last, now))
        rows = run(queries.refresh(list_id, company.id, now, not is_full))
        self.env.cr.execute(
            queries.note_refresh(list_id, now, *(mark or (None, None)), is_full)
        )
        self.env.invalidate_all(flush=False)
        if rows and is_full and since:
            _logger.warning("%s: a full comparison found %s", company, rows[0])
        keys = ("version", "added", "changed", "removed")
        return dict(zip(keys, rows[0], strict=True)) if rows else {}

    # === ACTIONS === #

    def action_refresh(self):
        """Look for changes now."""
        self.check_access("read")
        if not self.env.user.has_group("toll_account.group_toll_analyst"):
            raise UserError(self.env._("Only analysts and managers refresh the lists."))
        # what lanes are told follows from the TAGs; nobody writes it by hand
        found = [self.sudo()._run(record.company_id) for record in self]
        changes = sum(
            count
            for result in found
            for name, count in (result or {}).items()
            if name != "version"
        )
        self.invalidate_recordset(flush=False)
        message = (
            self.env._("%s entries have changed.", changes)
            if changes
            else self.env._("Nothing has changed.")
        )
        if self.filtered("build_step"):
            message = self.env._("The first list is being made.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _action_rows(self, xml_id, **context):
        self.ensure_one()
        return {
            **self.env["ir.actions.actions"]._for_xml_id(xml_id),
            "domain": [("company_id", "=", self.company_id.id)],
            "context": context,
        }

    def action_view_blocked(self):
        return self._action_rows(
            "toll_billing.toll_tag_list_entry_action", search_default_blocked=1
        )

    def action_view_valid(self):
        return self._action_rows(
            "toll_billing.toll_tag_list_entry_action", search_default_passing=1
        )

    def action_download(self, kind):
        """The list as lanes get it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/toll/tags/list/{self.id}/{kind}.csv",
            "target": "download",
        }

    def action_download_block(self):
        return self.action_download("block")

    def action_download_valid(self):
        return self.action_download("valid")


class TollTagListVersion(models.Model):
    """One state of the lists, and what made it."""

    _name = "toll.tag.list.version"
    _description = "Version of the Lists for Lanes"
    _order = "company_id, version desc"
    _rec_name = "version"
    _log_access = False

    list_id = fields.Many2one(
        "toll.tag.list", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    version = fields.Integer(required=True, readonly=True, aggregator=None)
    made_at = fields.Datetime(string="Made on", required=True, readonly=True)
    added = fields.Integer(readonly=True)
    changed = fields.Integer(readonly=True)
    removed = fields.Integer(readonly=True)
    blocked_count = fields.Integer(
        string="TAGs to Refuse", readonly=True, aggregator=None
    )
    valid_count = fields.Integer(
        string="TAGs to Accept", readonly=True, aggregator=None
    )
    is_full = fields.Boolean(
        string="Full Comparison",
        readonly=True,
        help="Found by comparing all TAGs. After the first version that finds nothing "
        "that was not noticed before.",
    )

    _company_version_uniq = models.Constraint(
        "UNIQUE (company_id, version)", "There is such a version already."
    )

    def action_view_changes(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "toll_billing.toll_tag_list_change_action"
        )
        domain = [
            ("company_id", "=", self.company_id.id),
            ("version", "=", self.version),
        ]
        return {**action, "domain": domain, "context": {}}
