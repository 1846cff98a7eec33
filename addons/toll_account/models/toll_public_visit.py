import hashlib
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: stands for all visitors together
EVERYBODY = "everybody"


class TollPublicVisit(models.Model):
    """Visits of pages that need no login, counted to slow down who asks too much.

    Rows are only added, so that many at once never wait for each other; all workers
    see them. What shall not count after all is taken back by a row with a negative
    weight. Addresses are kept as digests, for a day.
    """

    _name = "toll.public.visit"
    _description = "Visit of a Public Page"
    _order = "id desc"
    _log_access = False

    kind = fields.Char(required=True)
    visitor = fields.Char(required=True)
    visited_at = fields.Datetime(required=True)
    weight = fields.Integer(required=True, default=1)

    _kind_visitor_idx = models.Index("(kind, visitor, visited_at)")
    _visited_at_idx = models.Index("(visited_at)")

    @api.model
    def _digest(self, text):
        # a bare digest of an IPv4 address is found again in seconds
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return hashlib.sha256(f"{secret}|{text}".encode()).hexdigest()[:32]

    @api.model
    def _get_keys(self, visitors):
        return sorted({self._digest(visitor) for visitor in visitors if visitor})

    @api.model
    def _is_allowed(self, kind, visitors, limit, seconds):
        """Count this visit; whether none of these visitors had more than ``limit``.

        In a transaction of its own, so that a failed request counts as well. A limit
        of 0 lets everybody through.
        """
        keys = self._get_keys(visitors)
        with self._open_count() as cr:
            self._add(cr, kind, keys, 1)
            return not limit or self._get_most(cr, kind, keys, seconds) <= limit

    @api.model
    def _note(self, kind, visitors, weight=1):
        """Count something that happened, at once and whatever becomes of the rest."""
        with self._open_count() as cr:
            self._add(cr, kind, self._get_keys(visitors), weight)

    @api.model
    def _is_reached(self, kind, *limits):
        """Whether a limit is reached: (visitors, limit, seconds) each; counts nothing.

        In a transaction of its own as well: the request's may have begun earlier.
        """
        limits = [found for found in limits if found[1]]
        if not limits:
            return False
        with self._open_count() as cr:
            return any(
                self._get_most(cr, kind, self._get_keys(visitors), seconds) >= limit
                for visitors, limit, seconds in limits
            )

    @api.model
    def _take_back(self, kinds, hits, session, visitors, seconds):
        """What this session has found is not counted any more: it has paid."""
        keys = self._get_keys([session])
        with self._open_count() as cr:
            cr.execute(
                SQL("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", keys[0])
            )
            count = self._get_most(cr, hits, keys, seconds)
            if count > 0:
                self._add(cr, hits, keys, -count)
                for kind in kinds:
                    self._add(cr, kind, self._get_keys(visitors), -count)

    # SQL: many at once, and each count in a transaction of its own

    @contextmanager
    def _open_count(self):
        with self.env.registry.cursor() as cr:
            # a crash may take a count along; no look-up waits for the disk
            cr.execute("SET LOCAL synchronous_commit TO off")
            yield cr

    def _add(self, cr, kind, keys, weight):
        cr.execute(
            SQL(
                """
                INSERT INTO toll_public_visit (kind, visitor, visited_at, weight)
                SELECT %s, key, %s, %s FROM unnest(%s) AS key
                """,
                kind,
                fields.Datetime.now(),
                weight,
                keys,
            )
        )

    def _get_most(self, cr, kind, keys, seconds):
        """The highest count among these visitors."""
        cr.execute(
            SQL(
                """
                SELECT COALESCE(MAX(n), 0) FROM (
                    SELECT SUM(weight) AS n FROM toll_public_visit
                     WHERE kind = %s AND visitor = ANY(%s) AND visited_at > %s
                  GROUP BY visitor) AS counts
                """,
                kind,
                keys,
                fields.Datetime.now() - timedelta(seconds=seconds),
            )
        )
        return cr.fetchone()[0]

    @api.autovacuum
    def _gc_visits(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM toll_public_visit WHERE visited_at < %s",
                fields.Datetime.now() - timedelta(days=1),
            )
        )
