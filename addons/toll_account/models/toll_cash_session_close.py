from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class TollCashSession(models.Model):
    """Count, close, book the difference."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.cash.session"

    def action_count(self):
        """Shut the till and count what is in it."""
        self.check_access("write")
        self._check_state("open")
        for session_sudo in self.sudo():  # guarded fields; the right is checked
            session_sudo.state = "counting"
            if not session_sudo.count_line_ids:
                session_sudo.count_line_ids = [
                    fields.Command.create({"value": value})
                    for value in session_sudo._get_denominations()
                ]

    def _get_denominations(self):
        """Values to count; without a list, whole units and cents."""
        known = self.env["toll.cash.denomination"].search(
            [("currency_id", "=", self.currency_id.id)]
        )
        return known.mapped("value") or [1, self.currency_id.rounding]

    def action_resume(self):
        """The count was too early: take money again."""
        self.check_access("write")
        self._check_state("counting")
        self.sudo().state = "open"  # guarded; the right is checked

    def action_close(self):
        """Book the difference and end the session."""
        self.check_access("write")
        self._check_state("counting")
        for session in self:
            currency = session.currency_id
            difference = currency.round(session.amount_difference)
            if difference and not (session.difference_reason or "").strip():
                raise UserError(
                    self.env._(
                        "%(counted)s were counted and %(expected)s expected: count "
                        "again, or write down the reason of the difference.",
                        counted=currency.format(session.amount_counted),
                        expected=currency.format(session.amount_expected),
                    )
                )
            if (
                currency.compare_amounts(session.amount_left, session.amount_counted)
                > 0
            ):
                raise UserError(
                    self.env._("More cannot stay in the till than was counted.")
                )
            session_sudo = session.sudo()  # guarded fields and books; right checked
            session_sudo.write(
                {
                    "state": "closed",
                    "closed_at": fields.Datetime.now(),
                    "closed_by_id": self.env.uid,
                    "difference_booked": difference,
                    "move_id": session_sudo._book_difference(difference).id,
                }
            )

    def action_reopen(self):
        """Undo a wrong count; for accounting, until the money is at the bank."""
        self.check_access("write")
        if not self.env.user.has_group("toll_account.group_toll_accountant"):
            raise AccessError(self.env._("Only accounting opens a closed session."))
        self._check_state("closed")
        for session_sudo in self.sudo():  # guarded fields and books; right checked
            if session_sudo.move_id:
                session_sudo.move_id._reverse_moves(
                    [{"ref": session_sudo.name}], cancel=True
                )
            session_sudo.write(
                {
                    "state": "counting",
                    "closed_at": False,
                    "closed_by_id": False,
                    "difference_booked": 0,
                    "move_id": False,
                    "deposit_id": False,
                }
            )

    def _book_difference(self, amount):
        """More or less money than there should be, against gain or loss."""
        self.ensure_one()
        moves = self.env["account.move"]
        if self.currency_id.is_zero(amount):
            return moves
        journal, company = self.journal_id, self.company_id
        if amount > 0:
            other = (
                journal.profit_account_id
                or company.default_cash_difference_income_account_id
            )
        else:
            other = (
                journal.loss_account_id
                or company.default_cash_difference_expense_account_id
            )
        if not other:
            raise UserError(
                self.env._(
                    "Ask accounting to choose the profit and loss accounts of the "
                    "journal %(journal)s: the difference is booked there.",
                    journal=journal.name,
                )
            )
        label = self.env._("Cash difference of session %(number)s", number=self.name)
        move = moves.create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "company_id": company.id,
                "date": fields.Date.context_today(self),
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
                    for account, value in (
                        (journal.default_account_id, amount),
                        (other, -amount),
                    )
                ],
            }
        )
        move._post()
        return move

    def action_print(self):
        """The closing report."""
        self.check_access("read")
        return self.env.ref("toll_account.action_report_cash_session").report_action(
            self.ids
        )

    def action_view_payments(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.account_payment_action"
        )
        return dict(values, domain=[("toll_session_id", "=", self.id)], context={})

    @api.model
    def action_open_mine(self):
        """My open session, or a form to begin one."""
        mine = self.search(
            [("user_id", "=", self.env.uid), ("state", "in", ("open", "counting"))],
            limit=1,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "view_mode": "form",
            "res_id": mine.id,
            "name": self.env._("My Till"),
        }
