from datetime import timedelta

from odoo import api, fields, models
from odoo.sql_db import Cursor

from ..core import lane_list
from ..queries import tag_list_read as queries

KINDS = [("block", "TAGs to Refuse"), ("valid", "TAGs to Accept")]


class TollTagListDelivery(models.Model):
    """Which list an operator fetched, and when it said that its lanes have it."""

    _name = "toll.tag.list.delivery"
    _description = "Delivery of a List for Lanes"
    _order = "started_at desc, id desc"
    _rec_name = "version"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    operator_id = fields.Many2one(
        "toll.operator", required=True, readonly=True, ondelete="restrict"
    )
    kind = fields.Selection(KINDS, string="List", required=True, readonly=True)
    since = fields.Integer(string="Asked since Version", readonly=True, aggregator=None)
    version = fields.Integer(required=True, readonly=True, aggregator=None)
    is_full = fields.Boolean(string="Whole List", readonly=True)
    started_at = fields.Datetime(string="Asked for on", required=True, readonly=True)
    finished_at = fields.Datetime(
        string="Sent on", readonly=True, help="Empty: it was broken off."
    )
    acknowledged_at = fields.Datetime(
        string="Known since",
        readonly=True,
        help="When the operator said that its lanes have it.",
    )
    known_before = fields.Integer(
        readonly=True,
        aggregator=None,
        help="The version that the operator had acknowledged before.",
    )
    row_count = fields.Integer(string="Entries", readonly=True)
    byte_count = fields.Integer(string="Bytes", readonly=True)

    _operator_idx = models.Index("(operator_id, kind, version)")
    _started_at_idx = models.Index("(started_at)")

    @api.model
    def _serve(self, company, operator, query):
        """(version, is it the whole list, its bytes as they come).

        The bytes are read on a connection of their own, from one snapshot, page by
        page, after the request's transaction has noted the delivery. Nothing is noted
        without an operator.
        """
        cr = self.env.registry.cursor()
        if isinstance(cr, Cursor):
            env = self.env(cr=cr)
        else:  # a test's: the one that we are in
            cr.close()
            env = self.env
        try:
            tag_list = env["toll.tag.list"]._get(company)
            version, log_from = tag_list.version, tag_list.log_from
            if tag_list._is_unfinished():
                raise lane_list.ListError(
                    "not_ready", "The first list is being made: ask again soon.", 503
                )
            if query.since > version:
                raise lane_list.ListError(
                    "unknown_version",
                    f"There is no version {query.since}; the last is {version}.",
                )
            is_full = not query.since or query.since < log_from
            delivery = self.browse()
            if operator:
                delivery = self.create(
                    self._prepare_vals(company, operator, query, version, is_full)
                )
            made_at = f"{(tag_list.refreshed_at or fields.Datetime.now()).isoformat()}Z"
            head = lane_list.head(query, version, is_full, made_at)
            scope = (company.id, query.kind == "block")
            codes = operator._get_class_codes(query.format)
            if is_full:
                lines = queries.full_lines(*scope, query.format, codes)
            else:
                lines = queries.delta_lines(*scope, query.since, query.format, codes)
        except BaseException:
            if env is not self.env:
                cr.close()
            raise
        chunks = delivery._stream(env, head, lines)
        return version, is_full, list(chunks) if env is self.env else chunks

    @api.model
    def _prepare_vals(self, company, operator, query, version, is_full):
        return {
            "company_id": company.id,
            "operator_id": operator.id,
            "kind": query.kind,
            "since": query.since,
            "version": version,
            "is_full": is_full,
            "started_at": fields.Datetime.now(),
        }

    def _stream(self, env, head, lines):
        """Chunks of bytes; what was sent is written down when all of it was."""
        rows, size, cr = 0, 0, env.cr
        is_own = cr is not self.env.cr
        # the request's environment is gone when the last chunk is sent
        registry, uid, delivery_id = self.env.registry, self.env.uid, self.id
        try:
            chunk = head.encode()
            cr.execute(queries.open_lines(lines))
            while True:
                size += len(chunk)
                yield chunk
                cr.execute(queries.fetch_lines())
                page = cr.fetchall()
                if not page:
                    break
                rows += len(page)
                chunk = "".join([line for (line,) in page]).encode()
            cr.execute(queries.close_lines())
        finally:
            if is_own:
                cr.close()
        vals = {"row_count": rows, "byte_count": size}
        if not delivery_id:
            return
        if not is_own:
            self.write(vals | {"finished_at": fields.Datetime.now()})
            return
        with registry.cursor() as cr:
            delivery = api.Environment(cr, uid, {}, su=True)[self._name]
            delivery.browse(delivery_id).write(
                vals | {"finished_at": fields.Datetime.now()}
            )

    @api.model
    def _acknowledge(self, company, operator, kind, version):
        """When the operator's lanes knew this version; None if it never got it."""
        # the operator's user may read its deliveries; this is what it may say of them
        delivery_sudo = self.sudo()
        domain = [
            ("company_id", "=", company.id),
            ("operator_id", "=", operator.id),
            ("kind", "=", kind),
        ]
        sent = delivery_sudo.search([*domain, ("version", "=", version)])
        known = sent.filtered("acknowledged_at")
        if sent and not known:
            before = delivery_sudo.search(
                [*domain, ("acknowledged_at", "!=", False)],
                order="version desc",
                limit=1,
            )
            known = sent[:1]
            known.write(
                {
                    "acknowledged_at": fields.Datetime.now(),
                    "known_before": before.version,
                }
            )
        return known[-1:].acknowledged_at or None

    @api.autovacuum
    def _gc_deliveries(self):
        """Deliveries are kept as long as the changes that they brought."""
        for company in self.env["res.company"].search([("active", "=", True)]):
            days = max(company.toll_list_keep_days, 1)
            domain = [("company_id", "=", company.id)]
            # what an operator knows last stays known
            last = self._read_group(
                [*domain, ("acknowledged_at", "!=", False)],
                ["operator_id", "kind"],
                ["id:max"],
            )
            before = fields.Datetime.now() - timedelta(days=days)
            self.search(
                [
                    *domain,
                    ("started_at", "<", before),
                    ("id", "not in", [row[-1] for row in last]),
                ]
            ).unlink()


class TollOperator(models.Model):
    _inherit = "toll.operator"  # pylint: disable=consider-merging-classes-inherited

    def _get_class_codes(self, form="csv"):
        """{class: how this operator calls it}; as ours where it has no name for it."""
        codes = {
            c.id: c.code or c.name for c in self.env["toll.vehicle.class"].search([])
        }
        for line in self.class_map_ids.sorted("code", reverse=True):
            codes[line.class_id.id] = line.code
        if form == "csv":
            codes = {key: lane_list.quote(code) for key, code in codes.items()}
        return codes
