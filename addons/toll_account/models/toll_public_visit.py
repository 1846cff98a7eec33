import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class TollPublicVisit(models.Model):
    """Visits of pages that need no login, counted to slow down who asks too much.

    Rows are only added, so that many at once never wait for each other; all workers
    see them. Addresses are kept as digests, for a day.
    """

    _name = "toll.public.visit"
    _description = "Visit of a Public Page"
    _order = "id desc"
    _log_access = False

    kind = fields.Char(required=True)
    visitor = fields.Char(required=True)
    visited_at = fields.Datetime(required=True)

    _kind_visitor_idx = models.Index("(kind, visitor, visited_at)")
    _visited_at_idx = models.Index("(visited_at)")

    @api.model
    def _digest(self, text):
        # a bare digest of an IPv4 address is found again in seconds
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return hashlib.sha256(f"{secret}|{text}".encode()).hexdigest()[:32]

    @api.model
    def _is_allowed(self, kind, visitors, limit, seconds):
        """Count this visit; whether none of these visitors had more than ``limit``.

        In a transaction of its own, so that a failed request counts as well.
        """
        now = fields.Datetime.now()
        keys = sorted({self._digest(visitor) for visitor in visitors if visitor})
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """
                    INSERT INTO toll_public_visit (kind, visitor, visited_at)
                    SELECT %s, key, %s FROM unnest(%s) AS key
                    """,
                    kind,
                    now,
                    keys,
                )
            )
            cr.execute(
                SQL(
                    """
                    SELECT COALESCE(MAX(n), 0) FROM (
                        SELECT COUNT(*) AS n FROM toll_public_visit
                         WHERE kind = %s AND visitor = ANY(%s) AND visited_at > %s
                      GROUP BY visitor) AS counts
                    """,
                    kind,
                    keys,
                    now - timedelta(seconds=seconds),
                )
            )
            return cr.fetchone()[0] <= limit

    @api.autovacuum
    def _gc_visits(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM toll_public_visit WHERE visited_at < %s",
                fields.Datetime.now() - timedelta(days=1),
            )
        )
