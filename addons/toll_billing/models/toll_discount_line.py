from odoo import fields, models

from ..queries import discount_volume as queries


class TollDiscountLine(models.Model):
    """What a plan took off a statement. Written by billing runs only.

    Lines of plans at the crossing only repeat what the crossings say; those of volume
    plans and caps lower the statement.
    """

    _name = "toll.discount.line"
    _description = "Discount on a Statement"
    _order = "statement_id desc, period, id"
    _rec_name = "plan_id"

    statement_id = fields.Many2one(
        "toll.statement", required=True, readonly=True, index=True, ondelete="cascade"
    )
    statement_state = fields.Selection(related="statement_id.state")
    account_id = fields.Many2one(
        "toll.account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    plan_id = fields.Many2one(
        "toll.discount.plan",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    purpose = fields.Selection(related="plan_id.purpose")
    kind = fields.Selection(
        [
            ("rate", "At each crossing"),
            ("volume", "By volume"),
            ("cap", "Cap"),
            ("closing", "Given back on closing"),
        ],
        required=True,
        readonly=True,
    )
    period = fields.Date(
        string="Month",
        required=True,
        readonly=True,
        help="Month of the crossings, by the clock of the plaza; its first day.",
    )
    operator_id = fields.Many2one(
        "toll.operator", required=True, readonly=True, ondelete="restrict"
    )
    service = fields.Char(string="Service Code", required=True, readonly=True)
    service_id = fields.Many2one("toll.service", readonly=True, ondelete="restrict")
    crossing_count = fields.Integer(string="Crossings", readonly=True)
    amount = fields.Monetary(string="Taken Off", readonly=True, aggregator="sum")
    amount_carried = fields.Monetary(
        string="Carried Over",
        readonly=True,
        help="Did not fit on this statement: the next one takes it.",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Credit Note",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="By which the rest was given back when the account closed.",
    )


class TollStatement(models.Model):
    _inherit = "toll.statement"  # pylint: disable=consider-merging-classes-inherited

    amount_volume = fields.Monetary(
        string="Volume Discounts",
        readonly=True,
        help="Part of the discounts that was counted from the crossings of the month, "
        "not at each crossing.",
    )
    discount_line_ids = fields.One2many(
        "toll.discount.line", "statement_id", string="Discount Plans", readonly=True
    )

    def _get_volume_rows(self):
        """(plan, month, crossings, amount) of what lowers these statements."""
        rows = {}
        # whoever may read the statement reads the names of its plans
        for line in self.sudo().discount_line_ids:
            if line.kind not in ("volume", "cap"):
                continue
            count, amount = rows.get((line.plan_id, line.period), (0, 0))
            rows[line.plan_id, line.period] = (
                count + line.crossing_count,
                amount + line.amount,
            )
        lang = self[:1]._get_annex_lang()
        plans = self.with_context(lang=lang).env["toll.discount.plan"]
        return [
            (plans.browse(plan.id).sudo().name, period, count, amount)
            for (plan, period), (count, amount) in rows.items()
            if not self[0].currency_id.is_zero(amount)
        ]


class TollStatementLine(models.Model):
    _inherit = "toll.statement.line"

    amount_volume = fields.Monetary(string="Volume Discounts", readonly=True)


class TollBillingRun(models.Model):
    _inherit = "toll.billing.run"  # pylint: disable=consider-merging-classes-inherited

    def _settle_discounts(self):
        """Take the volume discounts off the draft statements."""
        self.ensure_one()
        ((rates, volumes),) = self._execute(queries.exists(self.company_id.id))
        if volumes:
            self.env.cr.execute(queries.settle(self))
        if rates:
            self.env.cr.execute(queries.note_rates(self))

    def _forget_statements(self):
        result = super()._forget_statements()
        self.env["toll.discount.line"].invalidate_model()
        return result

    def _prepare_exceptions_vals(self, until):
        found = super()._prepare_exceptions_vals(until)
        ((count, amount),) = self._execute(queries.carried(self))
        if count:
            found.append(
                {
                    "run_id": self.id,
                    "level": "note",
                    "code": "discount_carried",
                    "message": self.env._(
                        "Volume discounts of %(count)s statements are higher than "
                        "their usage: the rest goes to the next statements.",
                        count=count,
                    ),
                    "amount": amount,
                }
            )
        return found


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    def _finish(self, statements, jobs, moves):
        result = super()._finish(statements, jobs, moves)
        self.env.cr.execute(queries.credit_wallets(statements.ids, self.env.uid))
        return result


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"  # pylint: disable=consider-merging-classes-inherited

    def _rules(self):
        return [
            *super()._rules(),
            (
                "billing-discount",
                self.env._("Volume discounts are what their plans say"),
                self._check_discounts,
            ),
        ]

    def _check_discounts(self):
        return [
            *self._texts(queries.too_much()),
            *self._texts(queries.lines_against_wallets()),
        ]
