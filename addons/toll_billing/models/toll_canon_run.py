from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

#: What is compared between a closed period and what it comes to now.
FIGURES = ("quantity", "amount_base", "amount_tax", "amount_volume", "amount")
#: Closed periods that may still be corrected.
PERIODS_BACK = 24


class TollCanonRun(models.Model):
    """A period of a concession: computed, reviewed, closed and billed."""

    _name = "toll.canon.run"
    _description = "Canon of a Period"
    _inherit = ["toll.period.document"]
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _guarded = frozenset(
        {"state", "computed_at", "reviewed_by_id", "closed_by_id", "move_id"}
    )
    _contract = "concession_id"

    concession_id = fields.Many2one(
        "toll.concession", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="concession_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="concession_id.currency_id")
    state = fields.Selection(
        [("draft", "Draft"), ("reviewed", "Reviewed"), ("closed", "Closed")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    reviewed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    closed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    entry_ids = fields.One2many("toll.concession.entry", "run_id", readonly=True)
    amount_revenue = fields.Monetary(string="Revenue, net", compute="_compute_amounts")
    amount_canon = fields.Monetary(string="Canon", compute="_compute_amounts")
    amount_adjustment = fields.Monetary(
        string="of it adjustments", compute="_compute_amounts"
    )
    amount_paid = fields.Monetary(string="Paid", compute="_compute_amounts")
    move_id = fields.Many2one(
        "account.move", string="Bill", readonly=True, copy=False, index="btree_not_null"
    )

    _period_once = models.Constraint(
        "UNIQUE (concession_id, date_from)", "This period exists already."
    )

    # === COMPUTE METHODS === #
    @api.depends("entry_ids.amount")
    def _compute_amounts(self):
        for run in self:
            by_concept = run.entry_ids.grouped("concept")
            none = run.entry_ids.browse()
            canon = by_concept.get("canon", none)
            run.amount_revenue = sum(
                by_concept.get("revenue", none).mapped("amount_base")
            )
            run.amount_canon = sum(canon.mapped("amount"))
            run.amount_adjustment = sum(
                canon.filtered("is_adjustment").mapped("amount")
            )
            run.amount_paid = sum(by_concept.get("paid", none).mapped("amount"))

    # === GUARDS === #
    @api.ondelete(at_uninstall=False)
    def _unlink_entries(self):
        # provisional lines go with their draft
        self.sudo().entry_ids.unlink()

    # === COMPUTATION === #
    def action_compute(self):
        """Compute the period, and what has changed in the closed ones before it."""
        runs_sudo = self._take("draft")
        self.env["toll.traffic.day"].sudo()._refresh()
        for run in runs_sudo:
            run._compute_entries()
        return True

    def _compute_entries(self):
        self.ensure_one()
        self.entry_ids.unlink()
        values = []
        for first, last in [(self.date_from, self.date_to), *self._closed_periods()]:
            values += self._prepare_entries(first, last)
        self.env["toll.concession.entry"].create(values)
        self.computed_at = fields.Datetime.now()

    def _closed_periods(self):
        earlier = self.search(
            [
                ("concession_id", "=", self.concession_id.id),
                ("state", "=", "closed"),
                ("date_to", "<", self.date_from),
            ],
            order="date_from desc",
            limit=PERIODS_BACK,
        )
        return [(run.date_from, run.date_to) for run in earlier]

    def _get_booked(self, first, last):
        """{(concept, key): [entries]} of the final entries of a period."""
        entries = self.env["toll.concession.entry"].search(
            [
                ("concession_id", "=", self.concession_id.id),
                ("date_from", "=", first),
                ("date_to", "=", last),
                ("concept", "!=", "paid"),
                ("is_final", "=", True),
            ],
            order="id",
        )
        booked = {}
        for entry in entries:
            key = entry.service or entry.exempt_kind or entry.rule_id.id
            booked.setdefault((entry.concept, key), entries.browse())
            booked[entry.concept, key] |= entry
        return booked

    def _prepare_entries(self, first, last):
        """What a period comes to now, less what was booked of it before."""
        booked = self._get_booked(first, last)
        rates = {
            key: Decimal(str(entries[0].tax_rate))
            for (concept, key), entries in booked.items()
            if concept == "revenue"
        }
        facts = self.concession_id._get_facts(first, last, rates)
        result = []
        for key in [*facts, *(booked.keys() - facts.keys())]:
            entries = booked.get(key, self.env["toll.concession.entry"])
            vals = dict(facts.get(key) or entries[0]._prepare_copy())
            fact = facts.get(key, {})
            for name in FIGURES:
                before = sum((Decimal(str(e[name])) for e in entries), Decimal(0))
                vals[name] = fact.get(name, 0) - before
            if any(vals[name] for name in FIGURES):
                result.append(
                    {
                        "run_id": self.id,
                        "concession_id": self.concession_id.id,
                        "date_from": first,
                        "date_to": last,
                        "concept": key[0],
                        "is_adjustment": first != self.date_from,
                        **vals,
                    }
                )
        return result

    # === STATES === #
    def action_review(self):
        """The figures are right; nothing is computed again."""
        runs_sudo = self._take("draft")
        if not all(run.computed_at for run in runs_sudo):
            raise UserError(self.env._("Compute the period first."))
        runs_sudo.write({"state": "reviewed", "reviewed_by_id": self.env.uid})
        return True

    def action_draft(self):
        """Back to computing."""
        self._take("reviewed").write({"state": "draft", "reviewed_by_id": False})
        return True

    def action_close(self):
        """Close the period for good: late crossings count in the next one."""
        if not self.env.user.has_group("toll_account.group_toll_manager"):
            raise AccessError(self.env._("Only managers close the canon of a period."))
        for run in self._take("reviewed").sorted("date_from"):
            if run.date_to >= run.company_id._toll_today():
                raise UserError(
                    self.env._("%(period)s is not over yet.", period=run.name)
                )
            open_before = self.search_count(
                [
                    ("concession_id", "=", run.concession_id.id),
                    ("date_from", "<", run.date_from),
                    ("state", "!=", "closed"),
                ]
            )
            if open_before:
                raise UserError(
                    self.env._(
                        "Close the periods before %(period)s first.", period=run.name
                    )
                )
            run.write({"state": "closed", "closed_by_id": self.env.uid})
            run.entry_ids.write({"is_final": True})
        return True

    # === BILL === #
    def action_bill(self):
        """The grantor's bill for the canon, as a draft; once."""
        self.ensure_one()
        run_sudo = self._take("closed")
        if not run_sudo.move_id:
            vals = self._prepare_bill_vals()
            # with the accountant's own rights
            move = self.env["account.move"].with_company(self.company_id).create(vals)
            run_sudo.move_id = move
            run_sudo.message_post(body=self.env._("Bill drafted."))
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": run_sudo.move_id.id,
            "view_mode": "form",
        }

    def _prepare_bill_vals(self):
        self.ensure_one()
        concession = self.concession_id
        lines = self.entry_ids.filtered(lambda e: e.concept == "canon")
        total = self.currency_id.round(sum(lines.mapped("amount")))
        if self.currency_id.is_zero(total):
            raise UserError(self.env._("There is no canon to pay for this period."))
        sign = 1 if total > 0 else -1
        vals = {
            "move_type": "in_invoice" if total > 0 else "in_refund",
            "partner_id": concession.partner_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "ref": self.name,
            "invoice_origin": self.name,
            "invoice_line_ids": [
                Command.create(self._prepare_bill_line_vals(line, sign))
                for line in lines
            ],
        }
        if concession.journal_id:
            vals["journal_id"] = concession.journal_id.id
        return vals

    def _prepare_bill_line_vals(self, entry, sign):
        vals = {
            "name": f"{entry.label} {entry.date_from} – {entry.date_to}",
            "quantity": 1,
            "price_unit": sign * entry.amount,
            "tax_ids": [Command.set(self.concession_id.tax_ids.ids)],
        }
        if self.concession_id.expense_account_id:
            vals["account_id"] = self.concession_id.expense_account_id.id
        return vals

    @api.model
    def _cron_note_payments(self):
        """Note in the ledgers what the bills have been paid."""
        self.search(
            [("move_id.state", "=", "posted"), ("state", "=", "closed")]
        )._note_payments()

    def _note_payments(self):
        Entry = self.env["toll.concession.entry"]
        for run in self.filtered(lambda r: r.move_id.state == "posted"):
            move = run.move_id
            sign = 1 if move.move_type == "in_invoice" else -1
            paid = sign * (move.amount_total - move.amount_residual)
            new = run.currency_id.round(paid - run.amount_paid)
            if not run.currency_id.is_zero(new):
                Entry.create(
                    {
                        "run_id": run.id,
                        "concession_id": run.concession_id.id,
                        "date_from": run.date_from,
                        "date_to": run.date_to,
                        "concept": "paid",
                        "label": move.name,
                        "move_id": move.id,
                        "amount": new,
                        "is_final": True,
                    }
                )
