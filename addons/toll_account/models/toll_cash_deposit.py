from odoo import api, fields, models
from odoo.exceptions import UserError


class TollCashDeposit(models.Model):
    _name = "toll.cash.deposit"
    _description = "Cash Deposit"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _guarded = frozenset(
        {"state", "move_id", "session_ids", "amount", "name", "company_id"}
    )
    _number_sequence = "toll.cash.deposit"

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default="/"
    )
    office_id = fields.Many2one(
        "toll.office",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env.user.toll_office_id,
    )
    company_id = fields.Many2one(
        related="office_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    bank_journal_id = fields.Many2one(
        "account.journal",
        string="Bank",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain="[('type', '=', 'bank'), ('company_id', '=', company_id)]",
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    slip_number = fields.Char(
        tracking=True, copy=False, help="Number of the bank's slip or of the cash bag."
    )
    session_ids = fields.One2many(
        "toll.cash.session",
        "deposit_id",
        string="Sessions",
        readonly=True,
    )
    amount = fields.Monetary(compute="_compute_amount", store=True)
    state = fields.Selection(
        [("draft", "Draft"), ("deposited", "Deposited")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    move_id = fields.Many2one(
        "account.move", string="Journal Entry", readonly=True, copy=False
    )

    _slip_uniq = models.UniqueIndex(
        "(bank_journal_id, slip_number) WHERE slip_number IS NOT NULL",
        "This bank has another deposit with this slip number.",
    )

    @api.depends("session_ids.amount_to_deposit")
    def _compute_amount(self):
        for deposit in self:
            deposit.amount = sum(deposit.session_ids.mapped("amount_to_deposit"))

    def write(self, vals):
        if vals.keys() - {"message_main_attachment_id"} and not self.env.su:
            self._check_draft()
        return super().write(vals)

    def _check_draft(self):
        for deposit in self:
            if deposit.state != "draft":
                raise UserError(
                    self.env._(
                        "Deposit %(number)s is at the bank already.",
                        number=deposit.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_deposited(self):
        self._check_draft()

    def action_collect(self):
        """Take the closed sessions of the office that are in no deposit yet."""
        self.check_access("write")
        self._check_draft()
        for deposit in self:
            # guarded field of the sessions; the right to the deposit is checked
            free = (
                self.env["toll.cash.session"]
                .sudo()
                .search(
                    [
                        ("office_id", "=", deposit.office_id.id),
                        ("state", "=", "closed"),
                        ("deposit_id", "=", False),
                    ]
                )
            )
            free.deposit_id = deposit

    def action_release(self):
        """Take the sessions out again."""
        self.check_access("write")
        self._check_draft()
        self.sudo().session_ids.deposit_id = False  # guarded; right checked

    def action_deposit(self):
        """The money is at the bank: book the transfer."""
        self.check_access("write")
        for deposit_sudo in self.sudo():  # books and guarded fields; right checked
            deposit_sudo.lock_for_update()
            deposit_sudo.session_ids.lock_for_update()
            deposit_sudo._check_draft()
            if not (deposit_sudo.slip_number or "").strip():
                raise UserError(self.env._("Write the number of the bank's slip."))
            if deposit_sudo.currency_id.compare_amounts(deposit_sudo.amount, 0) <= 0:
                raise UserError(
                    self.env._(
                        "Collect closed sessions with money first: there is nothing "
                        "to deposit."
                    )
                )
            deposit_sudo.session_ids._check_state("closed")
            deposit_sudo.write(
                {"state": "deposited", "move_id": deposit_sudo._book_transfer().id}
            )
            deposit_sudo.session_ids.state = "deposited"

    def _book_transfer(self):
        """Out of the tills, on the way to the bank: its statement brings the rest."""
        self.ensure_one()
        company = self.company_id
        way = company.transfer_account_id or self.bank_journal_id.default_account_id
        label = self.env._(
            "Deposit %(number)s, slip %(slip)s", number=self.name, slip=self.slip_number
        )
        amounts = {}
        for session in self.session_ids:
            journal = session.journal_id
            amounts[journal] = amounts.get(journal, 0) + session.amount_to_deposit
        lines = [(way, self.amount)]
        lines += [
            (journal.default_account_id, -amount) for journal, amount in amounts.items()
        ]
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": next(iter(amounts)).id,
                "company_id": company.id,
                "date": self.date,
                "ref": label,
                "line_ids": [
                    fields.Command.create(
                        {
                            "account_id": account.id,
                            "name": label,
                            "debit": max(value, 0),
                            "credit": max(-value, 0),
                        }
                    )
                    for account, value in lines
                ],
            }
        )
        move._post()
        return move

    def action_print(self):
        """The slip that goes with the money."""
        self.check_access("read")
        return self.env.ref("toll_account.action_report_cash_deposit").report_action(
            self.ids
        )
