from odoo import api, fields, models


class TollOffice(models.Model):
    _name = "toll.office"
    _description = "Toll Office"
    _order = "code"
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one("res.partner", string="Address", ondelete="restrict")
    user_ids = fields.One2many("res.users", "toll_office_id", string="Staff")
    user_count = fields.Integer(compute="_compute_user_count")
    cash_journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', '=', 'cash'), ('company_id', '=', company_id)]",
        ondelete="restrict",
        help="The office's till. Empty: the company's top-up journal.",
    )
    card_journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', 'in', ('bank', 'credit')), ('company_id', '=', company_id)]",
        ondelete="restrict",
        help="Where card slips of this office are booked.",
    )
    transfer_journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', '=', 'bank'), ('company_id', '=', company_id)]",
        ondelete="restrict",
        help="The bank account that customers of this office transfer to.",
    )
    session_required = fields.Boolean(
        string="Cash Sessions",
        help="Cash is taken and given back in an open session of the agent only.",
    )
    session_ids = fields.One2many("toll.cash.session", "office_id")
    open_session_count = fields.Integer(
        string="Open Tills", compute="_compute_money", compute_sudo=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_today = fields.Monetary(
        string="Taken Today", compute="_compute_money", compute_sudo=True
    )
    amount_in_tills = fields.Monetary(
        string="In the Tills", compute="_compute_money", compute_sudo=True
    )
    amount_to_deposit = fields.Monetary(
        string="To Deposit", compute="_compute_money", compute_sudo=True
    )
    stock_count = fields.Integer(
        string="TAGs in Stock", compute="_compute_stock_count", compute_sudo=True
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (company_id, code)", "The company has another office with this code."
    )

    def _compute_user_count(self):
        counts = dict(
            self.env["res.users"]
            .sudo()
            ._read_group(
                [("toll_office_id", "in", self.ids)], ["toll_office_id"], ["__count"]
            )
        )
        for office in self:
            office.user_count = counts.get(office, 0)

    @api.depends_context("uid")
    def _compute_money(self):
        """Today's money and the open tills, two queries for all offices."""
        payments = self.env["account.payment"]._read_group(
            [
                ("toll_office_id", "in", self.ids),
                ("date", "=", fields.Date.context_today(self)),
            ],
            ["toll_office_id", "payment_type"],
            ["amount:sum"],
        )
        today = {}
        for office, kind, amount in payments:
            signed = amount if kind == "inbound" else -amount
            today[office.id] = today.get(office.id, 0) + signed
        sessions = self.env["toll.cash.session"].search(
            [("office_id", "in", self.ids), ("state", "!=", "deposited")]
        )
        by_office = sessions.grouped("office_id")
        for office in self:
            mine = by_office.get(office, sessions.browse())
            working = mine.filtered(lambda s: s.state in ("open", "counting"))
            office.open_session_count = len(working)
            office.amount_in_tills = sum(working.mapped("amount_expected"))
            office.amount_to_deposit = sum((mine - working).mapped("amount_to_deposit"))
            office.amount_today = today.get(office.id, 0)

    def _compute_stock_count(self):
        """Units on the office's shelf; the addon that keeps the stock counts them."""
        counts = self._get_stock_counts()
        for office in self:
            office.stock_count = counts.get(office.id, 0)

    def _get_stock_counts(self):
        """{office id: units in its stock}."""
        return {}

    def action_view_sessions(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_cash_session_action"
        )
        return dict(values, domain=[("office_id", "=", self.id)])

    def action_view_payments(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.account_payment_action"
        )
        return dict(
            values,
            domain=[("toll_office_id", "=", self.id)],
            context={"search_default_today": 1},
        )
