from contextlib import closing
from datetime import timedelta

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError

from ..core import cycles
from ..queries import self_invoice as queries

#: Crossings that somebody may choose one by one for one invoice.
MAX_CHOSEN = 500
FIRST = fields.Datetime.to_datetime("1990-01-01")
LAST = fields.Datetime.to_datetime("2200-01-01")


class TollBillingRun(models.Model):
    """An invoice that a customer asked for is a run of one account and some usage."""

    _inherit = "toll.billing.run"  # pylint: disable=consider-merging-classes-inherited

    self_key = fields.Char(
        string="Request",
        readonly=True,
        copy=False,
        help="What was asked for twice with the same key is one invoice.",
    )
    requested_by_id = fields.Many2one(
        "res.users", string="Asked for by", readonly=True, copy=False
    )
    selection = fields.Json(
        readonly=True,
        copy=False,
        help="The part of the usage that is invoiced. Empty: all up to the cut-off.",
    )
    invoice_id = fields.Many2one(
        "account.move", compute="_compute_invoice_id", compute_sudo=True
    )

    _self_key_uniq = models.UniqueIndex("(account_id, self_key)")

    def _compute_invoice_id(self):
        for run in self:
            run.invoice_id = run.statement_ids.move_id[:1] if run.self_key else False

    def _lock_company(self):
        result = super()._lock_company()
        self._execute(queries.shut_out(self.company_id.id))
        return result

    def _prepare_exceptions_vals(self, until):
        """What concerns a whole company is not looked at for one customer."""
        if not self.self_key:
            return super()._prepare_exceptions_vals(until)
        found = self.env["toll.billing.run.exception"]._configuration_vals(self)
        return [{**vals, "run_id": self.id} for vals in found]


class TollAccount(models.Model):
    """Invoices on demand: what was used and not invoiced yet, or some of it."""

    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    # === WHAT MAY BE INVOICED === #
    def _get_self_invoice_refusal(self):
        """Why this account cannot invoice itself; empty: it can."""
        self.ensure_one()
        # the main account may be another customer's to see
        payer_sudo = self.sudo().payer_id
        if payer_sudo and payer_sudo._is_invoiced_together(self._get_self_until()):
            return self.env._(
                "Account %(number)s is invoiced together with account %(main)s: its "
                "crossings come with that account's invoice.",
                number=self.number,
                main=payer_sudo.number,
            )
        if self.state == "draft":
            return self.env._("Account %(number)s is not active.", number=self.number)
        return ""

    def _get_self_until(self):
        return self.company_id.sudo()._toll_today() + timedelta(days=1)

    def _get_self_accounts(self):
        """The accounts that an invoice of this one charges."""
        self.ensure_one()
        if not self._is_invoiced_together(self._get_self_until()):
            return self
        return self | self.with_context(active_test=False).search(
            [("payer_id", "=", self.id), ("company_id", "=", self.company_id.id)]
        )

    def _get_self_bounds(self):
        """(oldest, latest) instant between which crossings can be invoiced."""
        company = self.company_id
        oldest, latest = FIRST, LAST
        if company.toll_self_invoice_days:
            days = timedelta(days=company.toll_self_invoice_days)
            oldest = fields.Datetime.now() - days
        if self.payment_mode == "postpaid" and not company.toll_self_invoice_postpaid:
            until = self.billing_cycle_id.last_until
            latest = (
                cycles.cutoff_instant(until, company._toll_tz()) if until else FIRST
            )
        return oldest, latest

    def _get_self_fates(self, since, until):
        """{fate: (crossings, amount)} of a period: free, invoiced, held, old, open."""
        account_sudo = self.sudo()
        rows = self.env.execute_query(
            queries.fates(
                account_sudo._get_self_accounts().ids,
                since,
                until,
                *account_sudo._get_self_bounds(),
            )
        )
        return {fate: (count, float(amount)) for fate, count, amount in rows}

    def _get_self_reasons(self, fates):
        """Sentences on what of a period cannot be invoiced, and why."""
        company_sudo = self.company_id.sudo()
        reasons = {
            "invoiced": self.env._("%(count)s crossings are on an invoice already."),
            "held": self.env._(
                "%(count)s crossings are still being reviewed: they can be invoiced "
                "once they are charged."
            ),
            "old": self.env._(
                "%(count)s crossings are older than %(days)s days: they come with the "
                "next invoice of the account."
            ),
            "open": self.env._(
                "%(count)s crossings are of the period that is still open: they come "
                "with the invoice at its end."
            ),
        }
        return [
            text
            % {"count": fates[fate][0], "days": company_sudo.toll_self_invoice_days}
            for fate, text in reasons.items()
            if fate in fates
        ]

    def _prepare_self_selection(self, since, until, ids=None):
        """The usage that is asked for, within what may be invoiced."""
        oldest, latest = self._get_self_bounds()
        since, until = max(since, oldest), min(until, latest)
        if ids is not None:
            ids = sorted(set(ids))[:MAX_CHOSEN]
            ((first, last, count),) = self.env.execute_query(
                queries.bounds(self._get_self_accounts().ids, ids)
            )
            if not count:
                self._raise_nothing_to_invoice()
            since = max(since, first)
            until = min(until, last + timedelta(seconds=1))
        return {
            "since": fields.Datetime.to_string(since),
            "until": fields.Datetime.to_string(until),
            "ids": ids,
        }

    def _raise_nothing_to_invoice(self):
        raise UserError(
            self.env._(
                "There is nothing to invoice: these crossings are on an invoice "
                "already, or cost nothing."
            )
        )

    # === THE INVOICE === #
    def _get_self_issuer(self):
        """This account for whoever works for it; customers write no books."""
        account = self.with_user(SUPERUSER_ID) if self.env.user.share else self.sudo()
        return account.with_company(account.company_id)

    def _preview_self_invoice(self, since, until, ids=None):
        """What the invoice would say, made for real and taken back."""
        self.ensure_one()
        account = self._get_self_issuer()
        self.env.flush_all()
        with closing(self.env.cr.savepoint()) as savepoint:
            run = account._make_self_run(False, since, until, ids)
            preview = account._read_self_preview(run)
            savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)
        return preview

    def _read_self_preview(self, run):
        issuer = self.env["toll.invoice.issuer"]
        run.env.flush_all()
        jobs = issuer._load(run.statement_ids)
        if not jobs:
            self._raise_nothing_to_invoice()
        issuer._plan(jobs, self.company_id)
        (job,) = jobs
        lang = self.partner_id.lang
        taxes = self.env["account.tax"].with_context(lang=self.env.lang)
        return {
            "count": run.crossing_count,
            "total": float(job.total),
            "paid": float(job.paid),
            "open": float(job.total - job.paid),
            "untaxed": job.split and float(job.split.untaxed),
            "lines": [
                (issuer._get_line_name(line, lang), float(line.amount))
                for line in job.lines
            ],
            "taxes": [
                (taxes.browse(tax.tax).name, float(tax.base), float(tax.amount))
                for tax in (job.split.taxes if job.split else [])
            ],
            "first_at": min(filter(None, run.statement_ids.mapped("first_at"))),
            "last_at": max(filter(None, run.statement_ids.mapped("last_at"))),
        }

    def _issue_self_invoice(self, key, since, until, ids=None, expected=None):
        """Issue the invoice of (some of) the unbilled usage; answer its statement.

        Whoever calls has checked that the account is the user's, or that he works for
        it. The same key gives the same invoice.

        :param expected: the total that the user has seen
        """
        self.ensure_one()
        account = self._get_self_issuer()
        known = account._find_self_invoice(key)
        if known:
            return known
        with self.env.cr.savepoint():
            run = account._make_self_run(key, since, until, ids)
            run.requested_by_id = self.env.uid
            total = run.amount_total
            if expected is not None and run.currency_id.compare_amounts(
                total, expected
            ):
                raise UserError(
                    self.env._(
                        "The amount has changed meanwhile: please look at it again."
                    )
                )
            if run.currency_id.compare_amounts(total, 0) <= 0:
                self._raise_nothing_to_invoice()
            run.action_review()
            run.with_context(toll_synchronous=True).action_confirm()
            statement = run.statement_ids.filtered(lambda s: s.account_id == account)
            statement.move_id._toll_queue_mail()
        return statement

    def _find_self_invoice(self, key):
        """The statement that was invoiced when this key was used before, or none."""
        run = self.env["toll.billing.run"].search(
            [("account_id", "=", self.id), ("self_key", "=", key)], limit=1
        )
        return run.statement_ids.filtered(lambda s: s.account_id == self)

    def _make_self_run(self, key, since, until, ids):
        """A run with the statements of what is asked for; locks in this order."""
        refusal = self._get_self_invoice_refusal()
        if refusal:
            raise UserError(refusal)
        ((entered,),) = self.env.execute_query(queries.try_enter(self.company_id.id))
        if not entered:
            raise UserError(
                self.env._(
                    "A billing run is being computed just now. Please try again in a "
                    "few minutes."
                )
            )
        self.env.cr.execute(queries.take_wallets(self._get_self_accounts().ids))
        run = self.env["toll.billing.run"].create(
            {
                **self._prepare_run_vals(self._get_self_until()),
                "self_key": key or "preview",
                "selection": self._prepare_self_selection(since, until, ids),
            }
        )
        run._compute_statements()
        if not run.crossing_count:
            self._raise_nothing_to_invoice()
        if run.blocking_count:
            # customers cannot mend a journal; who works here is told which one
            messages = [] if self.env.uid == SUPERUSER_ID else run.exception_ids
            raise UserError(
                "\n".join(exception.message for exception in messages)
                or self.env._(
                    "No invoice can be issued just now. Please try again later."
                )
            )
        return run

    def action_invoice_now(self):
        """The agent's way to the same invoice."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoice Now"),
            "res_model": "toll.self.invoice",
            "view_mode": "form",
            "target": "new",
            "context": {"default_account_id": self.id},
        }


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    def _toll_queue_mail(self):
        """Let Odoo's job send these invoices, where somebody can be reached."""
        queued = self.filtered(
            lambda move: move.partner_id.email or move._toll_can_message()
        )
        if queued:
            author = self.env.ref("base.partner_root")
            queued.sending_data = {
                "author_user_id": SUPERUSER_ID,
                "author_partner_id": author.id,
            }
            self.env.ref("account.ir_cron_account_move_send")._trigger()
