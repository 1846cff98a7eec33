import logging
from decimal import Decimal

from odoo import api, models
from odoo.exceptions import AccessError

from odoo.addons.toll_account.queries import wallet as wallet_queries

from ..core.assignment import Collector, share_out
from ..queries import payments
from ..queries import portfolio as queries
from .toll_collection_case import SUPERVISOR

MANY = 1000

_logger = logging.getLogger(__name__)


class TollCollectionCase(models.Model):
    """The portfolio by set: what is owed, in which segment, on whose desk."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.collection.case"

    @api.model
    def action_refresh(self):
        """The button: bring the portfolios of the user's companies up to date."""
        if not self.env.su and not self.env.user.has_group(SUPERVISOR):
            raise AccessError(
                self.env._("Only supervisors of collections refresh the portfolio.")
            )
        # cases are written by the refresh only; the right is checked
        counts = self.sudo()._refresh_companies(self.env.companies)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Cases opened: %(opened)s, changed: %(changed)s, closed: "
                    "%(closed)s.",
                    **counts,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_refresh(self):
        """Every company in a transaction of its own, which sees what others commit."""
        companies = self.env["res.company"].search(
            [("toll_deposit_account_id", "!=", False)]
        )
        for company in companies:
            with self.env.registry.cursor() as cr:
                cr.execute(wallet_queries.read_committed())
                cases = self.with_env(self.env(cr=cr))
                counts = cases._refresh_companies(company.with_env(cases.env))
            _logger.info("collection cases of %s: %s", company.name, counts)

    @api.model
    def _refresh_companies(self, companies):
        total = dict.fromkeys(("opened", "changed", "closed"), 0)
        for company in companies:
            for what, count in self._refresh(company).items():
                total[what] += count
        return total

    @api.model
    def _refresh(self, company, accounts=None):
        """Promises, cases, segments, desks and agencies of a company, or of accounts.

        Idempotent: a second run finds nothing to do.
        """
        self.env.flush_all()
        book = company._toll_book()
        account_ids = accounts.ids if accounts is not None else None
        self.env.cr.execute(queries.lock(company.id))
        self.env["toll.payment.promise"]._judge(company, accounts)
        counts = dict(
            self.env.execute_query(queries.refresh(book, self.env.uid, account_ids))
        )
        if counts["opened"] > MANY:
            self.env.cr.execute(queries.analyze())
        self.env.cr.execute(queries.segment(book, account_ids))
        self.env.cr.execute(
            payments.end_promises_of_closed_cases(company.id, book.today)
        )
        lines = self.env["toll.collection.placement.line"]
        if accounts is not None:
            lines = lines.search([("account_id", "in", accounts.ids)])
        lines._credit(company, None if accounts is None else lines)
        self._end_placements(company)
        self.env.invalidate_all()
        self._share_out(company)
        return counts

    @api.model
    def _share_out(self, company):
        """Give what waits in the teams to their members."""
        book = company._toll_book()
        teams = self.env["toll.collection.team"].search(
            [("company_id", "=", company.id), ("method", "!=", "manual")]
        )
        waiting = {}
        for team_id, case_id, amount in self.env.execute_query(
            queries.waiting_cases(teams.ids)
        ):
            waiting.setdefault(team_id, []).append((case_id, Decimal(str(amount))))
        count = 0
        for team in teams.filtered(lambda t: t.id in waiting):
            # asked for each team: who works for two has one desk
            desks = [
                Collector(user_id, cases, Decimal(str(amount)), capacity)
                for user_id, cases, amount, capacity in self.env.execute_query(
                    queries.desks(team.id)
                )
            ]
            shared = share_out(waiting[team.id], desks, team.method)
            if shared:
                self.env.cr.execute(queries.assign(shared, book.today))
                count += len(shared)
        self.invalidate_model()
        return count

    @api.model
    def _end_placements(self, company):
        """An agency keeps no case that is closed."""
        self.search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "closed"),
                ("agency_id", "!=", False),
            ]
        ).agency_id = False

    def _refresh_self(self):
        """These cases and their accounts only, after money moved."""
        for company, cases in self.grouped("company_id").items():
            self.sudo()._refresh(company, cases.account_id)
