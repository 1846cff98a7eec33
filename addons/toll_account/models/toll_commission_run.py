from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class TollCommissionRun(models.Model):
    """A company's commissions of a month: closed, then billed by each seller, once."""

    _name = "toll.commission.run"
    _description = "Commission Run"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "period desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    period = fields.Date(
        string="Month",
        required=True,
        tracking=True,
        default=lambda self: self._default_period(),
        help="Any day of the month.",
    )
    state = fields.Selection(
        [("draft", "Open"), ("closed", "Closed"), ("billed", "Billed")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    line_ids = fields.One2many("toll.commission", "run_id", readonly=True)
    move_ids = fields.One2many("account.move", "toll_commission_run_id", readonly=True)
    move_count = fields.Integer(compute="_compute_amounts")
    line_count = fields.Integer(compute="_compute_amounts")
    draft_count = fields.Integer(string="To Approve", compute="_compute_amounts")
    amount_earned = fields.Monetary(string="Earned", compute="_compute_amounts")
    amount_clawback = fields.Monetary(string="Taken Back", compute="_compute_amounts")
    amount = fields.Monetary(string="To Pay", compute="_compute_amounts")

    _period_uniq = models.Constraint(
        "UNIQUE (company_id, period)", "This month has a commission run already."
    )

    @api.model
    def _default_period(self):
        first = fields.Date.context_today(self).replace(day=1)
        return fields.Date.subtract(first, months=1)

    @api.depends("period")
    def _compute_name(self):
        for run in self:
            run.name = run.period and run.period.strftime("%Y-%m")

    @api.depends("period", "company_id", "state", "line_ids.amount", "move_ids.state")
    def _compute_amounts(self):
        for run in self:
            lines = run._get_lines()
            earned = lines.filtered(lambda line: line.kind == "earned")
            run.line_count = len(lines)
            run.draft_count = len(lines.filtered(lambda line: line.state == "draft"))
            run.amount = sum(lines.mapped("amount"))
            run.amount_earned = sum(earned.mapped("amount"))
            run.amount_clawback = run.amount - run.amount_earned
            run.move_count = len(run.move_ids)

    def _get_lines(self):
        """The commissions of the month, also before they are closed."""
        self.ensure_one()
        if self.state != "draft":
            return self.line_ids
        return self.env["toll.commission"].search(self._lines_domain())

    def _lines_domain(self):
        return [
            ("company_id", "=", self.company_id.id),
            ("period", "=", self.period),
            ("state", "!=", "paid"),
        ]

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._on_first_day(vals) for vals in vals_list])

    def write(self, vals):
        if {"period", "company_id"} & vals.keys():
            self._check_state("draft")
        return super().write(self._on_first_day(vals))

    @api.model
    def _on_first_day(self, vals):
        if not vals.get("period"):
            return vals
        return {**vals, "period": fields.Date.to_date(vals["period"]).replace(day=1)}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open(self):
        self._check_state("draft")

    def _check_may(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(
            "toll_account.group_toll_accountant"
        ):
            raise AccessError(self.env._("Only accounting runs the commissions."))

    # The way of a run

    def action_calculate(self):
        self._check_may()
        self._check_state("draft")
        for run in self:
            # all sellers' accounts, in single statements; the right is checked
            lines_sudo = self.env["toll.commission"].sudo()
            lines_sudo.with_context(allowed_company_ids=run.company_id.ids)._calculate(
                run.period
            )
        self.invalidate_recordset()

    def action_approve(self):
        """Approve what is left; nobody approves his own."""
        self._check_may()
        self._check_state("draft")
        for run in self:
            lines = run._get_lines().filtered(lambda line: line.state == "draft")
            lines.filtered(lambda line: line.user_id != self.env.user).action_approve()

    def action_close(self):
        """Nothing of the month changes any more."""
        self._check_may()
        self._check_state("draft")
        today = fields.Date.context_today(self)
        for run in self:
            if fields.Date.add(run.period, months=1) > today:
                raise UserError(
                    self.env._("Month %(name)s is not over yet.", name=run.name)
                )
            run.action_calculate()
            lines = run._get_lines()
            if lines.filtered(lambda line: line.state == "draft"):
                raise UserError(
                    self.env._(
                        "Commissions of %(name)s wait for approval; your own ones for "
                        "that of somebody else.",
                        name=run.name,
                    )
                )
            # guarded; the right is checked
            lines.sudo().run_id = run
            run.sudo().state = "closed"

    def action_reopen(self):
        self._check_may()
        self._check_state("closed")
        for run in self:
            # guarded; the right is checked, and nothing is billed
            run.line_ids.sudo().write({"run_id": False, "move_id": False})
            run.sudo().state = "draft"

    def action_bill(self):
        """A draft vendor bill for each seller; the run knows that they are made."""
        self._check_may()
        self.lock_for_update()
        self.invalidate_recordset()
        self._check_state("closed")
        for run in self:
            moves = self.env["account.move"].with_company(run.company_id)
            settled = self.env["toll.commission"]
            for lines in run.line_ids.grouped("user_id").values():
                total = sum(lines.mapped("amount"))
                if run.currency_id.is_zero(total):
                    settled |= lines
                    continue
                move = moves.create(run._prepare_move_vals(lines, total))
                lines.sudo().move_id = move  # guarded; the right is checked
            # what was taken back is as much as what was earned
            settled.sudo().write(
                {"state": "paid", "paid_date": fields.Date.context_today(self)}
            )
            run.sudo().state = "billed"
        return self.action_view_moves()

    def _prepare_move_vals(self, lines, total):
        """A vendor bill, or a credit note where more is taken back than earned."""
        sign = 1 if total > 0 else -1
        user = lines.user_id
        return {
            "move_type": "in_invoice" if total > 0 else "in_refund",
            "partner_id": user.partner_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "toll_commission_run_id": self.id,
            "ref": self.env._(
                "Commissions %(month)s, %(seller)s", month=self.name, seller=user.name
            ),
            "invoice_line_ids": [
                Command.create(self._prepare_move_line_vals(rule, kind, part, sign))
                for (rule, kind), part in lines.grouped(
                    lambda line: (line.rule_id, line.kind)
                ).items()
            ],
        }

    def _prepare_move_line_vals(self, rule, kind, lines, sign):
        product = self.env.ref(
            "toll_account.product_product_commission", raise_if_not_found=False
        )
        labels = dict(lines._fields["kind"]._description_selection(self.env))
        return {
            "product_id": product.id if product else False,
            "name": self.env._(
                "%(rule)s, %(month)s: %(kind)s, %(count)s accounts",
                rule=rule.name,
                month=self.name,
                kind=labels[kind].lower(),
                count=len(lines.account_id),
            ),
            "quantity": 1,
            "price_unit": sign * sum(lines.mapped("amount")),
        }

    def action_cancel_bills(self):
        """Take the drafts back, so that the run can be billed anew."""
        self._check_may()
        self._check_state("billed")
        for run in self:
            live = run.move_ids.filtered(
                lambda move: move.state != "cancel" and move.payment_state != "reversed"
            )
            if live.filtered(lambda move: move.state == "posted"):
                raise UserError(
                    self.env._(
                        "Bills of %(name)s are posted: reset them to draft or reverse "
                        "them first.",
                        name=run.name,
                    )
                )
            live.button_cancel()
            # guarded; the right is checked
            run.line_ids.sudo().write(
                {"move_id": False, "state": "approved", "paid_date": False}
            )
            run.sudo().state = "closed"

    def action_view_moves(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_in_invoice_type"
        )
        return dict(
            action,
            domain=[("toll_commission_run_id", "in", self.ids)],
            context={"create": False},
        )

    def action_view_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_commission_action"
        )
        domain = self._lines_domain()
        if self.state != "draft":
            domain = [("run_id", "=", self.id)]
        return dict(action, domain=domain, context={"search_default_group_user": 1})

    def _get_statement(self):
        """[(seller, lines, total)] for the printed statement."""
        self.ensure_one()
        return [
            (user, lines, sum(lines.mapped("amount")))
            for user, lines in self._get_lines().grouped("user_id").items()
        ]
