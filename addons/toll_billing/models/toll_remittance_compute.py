from datetime import timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ..core import remittance as core
from ..queries import remittance as queries
from ..queries import remittance_basis as basis
from .toll_remittance import TOTALS

#: Days back in which what came late is looked for.
DAYS_BACK = 366


class TollRemittance(models.Model):
    """How a remittance is computed: lines by set, then fees and guarantee."""

    _inherit = "toll.remittance"  # pylint: disable=consider-merging-classes-inherited

    def _get_since(self):
        """Periods that begin before this day stay as they were remitted."""
        ((frozen,),) = self.env.execute_query(queries.frozen_until())
        back = self.date_from - timedelta(days=DAYS_BACK)
        first, _last = self.agreement_id._get_period(
            max(back, self.agreement_id.date_from)
        )
        if frozen and frozen > first:
            # the first period all of whose crossings are online
            first, last = self.agreement_id._get_period(
                max(frozen, self.agreement_id.date_from)
            )
            if first < frozen:
                first = last + timedelta(days=1)
        return first

    def _compute_lines(self):
        self.ensure_one()
        computed_at = fields.Datetime.now()
        if self.env["toll.traffic.day"].sudo()._refresh() is None:
            raise UserError(
                self.env._(
                    "The traffic figures are being brought up to date right now: try "
                    "again in a minute."
                )
            )
        self.line_ids.unlink()
        self.env.flush_all()
        since = self._get_since()
        self.env.cr.execute(queries.insert_lines(self, since))
        self._insert_fees()
        self._insert_guarantee()
        self.env.invalidate_all()
        values = self._prepare_totals()
        if self.basis == "collected":
            ((still, lost),) = self.env.execute_query(basis.outstanding(self, since))
            values |= {"amount_open": float(still), "amount_lost": float(lost)}
        self.write({**values, "computed_at": computed_at})
        self._convert()

    def _insert_fees(self):
        """The fee of each period that changed, less what it was charged before."""
        agreement = self.agreement_id
        terms, unit = agreement._get_terms(), agreement._get_unit()
        found = {
            first: (last, Decimal(due), int(count), Decimal(before))
            for first, last, due, count, before in self.env.execute_query(
                queries.periods(self)
            )
        }
        if not agreement.date_to or self.date_from <= agreement.date_to:
            # a period without crossings has its minimum
            nothing = (self.date_to, Decimal(0), 0, Decimal(0))
            found.setdefault(self.date_from, nothing)
        self.env["toll.remittance.line"].create(
            [
                {
                    "remittance_id": self.id,
                    "concept": "fee",
                    "date_from": first,
                    "date_to": last,
                    "is_adjustment": first != self.date_from,
                    "amount": before - fee,
                }
                for first, (last, due, count, before) in sorted(found.items())
                if (fee := core.fee(terms, due, count, unit)) != before
            ]
        )

    def _insert_guarantee(self):
        agreement = self.agreement_id
        self.env.flush_all()
        ((held,),) = self.env.execute_query(queries.held(agreement))
        held = Decimal(held)
        if agreement.is_guarantee_released:
            kept = -held
        else:
            due = Decimal(self.env.execute_query(queries.totals(self))[0][6])
            kept = core.withhold(
                due,
                Decimal(str(agreement.guarantee_percent)),
                held,
                Decimal(str(agreement.guarantee_cap)),
                agreement._get_unit(),
            )
        if kept:
            self.env["toll.remittance.line"].create(
                {
                    "remittance_id": self.id,
                    "concept": "guarantee",
                    "date_from": self.date_from,
                    "date_to": self.date_to,
                    "amount": -kept,
                }
            )

    def _prepare_totals(self):
        self.env.flush_all()
        (row,) = self.env.execute_query(queries.totals(self))
        return dict(zip(TOTALS, map(float, row), strict=True))
