from odoo import fields, models
from odoo.exceptions import UserError

TRANSITIONS = {
    "draft": ("active", "closed"),
    "active": ("suspended", "closed"),
    "suspended": ("active", "closed"),
    "closed": (),
}


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _check_transition(self, state):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for account in self:
            if state not in TRANSITIONS[account.state]:
                raise UserError(
                    self.env._(
                        "Account %(number)s is %(state)s and cannot become %(new)s.",
                        number=account.number,
                        state=labels[account.state].lower(),
                        new=labels[state].lower(),
                    )
                )

    def _log_state(self, before):
        """Write down who changed the state, when and why."""
        reason = self.env.context.get("toll_state_reason_id")
        note = self.env.context.get("toll_state_note")
        now = fields.Datetime.now()
        self.env["toll.account.state.log"].sudo().create(
            [
                {
                    "account_id": account.id,
                    "from_state": before.get(account.id),
                    "state": account.state,
                    "reason_id": reason,
                    "note": note,
                    "date": now,
                    "user_id": self.env.uid,
                }
                for account in self
            ]
        )

    def _change_state(self, state, reason=None, note=None, **vals):
        self.check_access("write")
        if isinstance(reason, str):
            reason = self.env["toll.state.reason"].search([("code", "=", reason)])
        elif isinstance(reason, int):
            reason = self.env["toll.state.reason"].browse(reason)
        accounts = self.with_context(
            toll_state_reason_id=reason.id if reason else False,
            toll_state_note=note or False,
        )
        return accounts.write({"state": state, **vals})

    def action_activate(self, reason=None, note=None):
        """Draft accounts start to work."""
        for account in self:
            if account.state != "draft":
                account._check_transition("draft")
        return self._change_state(
            "active", reason, note, opened_at=fields.Datetime.now()
        )

    def action_suspend(self, reason=None, note=None):
        """Stop the account; its crossings are held until it works again."""
        return self._change_state("suspended", reason, note)

    def action_reactivate(self, reason=None, note=None):
        for account in self:
            if account.state != "suspended":
                account._check_transition("draft")
        return self._change_state("active", reason, note)

    def action_close(self, reason=None, note=None):
        """End the contract. The wallet must be settled before.

        The wallets are held until the end of the transaction, so that no money comes
        or goes between the look at the balance and the closing.
        """
        self.check_access("write")
        self._claim_wallets()
        for account in self:
            account._check_closing()
        # whoever may close the account takes its vehicles off it
        self.sudo().vehicle_ids._end()
        return self._change_state(
            "closed", reason, note, closed_at=fields.Datetime.now()
        )

    def _check_closing(self):
        """Raise where something is still open; other addons add their own."""
        self.ensure_one()
        if not self.currency_id.is_zero(self.balance):
            raise UserError(
                self.env._(
                    "The wallet of account %(number)s still has %(balance)s: settle "
                    "it before closing the account.",
                    number=self.number,
                    balance=self.currency_id.format(self.balance),
                )
            )

    def _check_mode_change(self, mode):
        """Raise where an account may not change to this payment mode."""
        for account in self.filtered(lambda a: a.state != "draft"):
            if account.state == "closed":
                raise UserError(
                    self.env._("Account %(number)s is closed.", number=account.number)
                )
            if mode == "prepaid" and account.balance < 0:
                raise UserError(
                    self.env._(
                        "Account %(number)s owes %(amount)s: invoice and collect it "
                        "before the account becomes prepaid.",
                        number=account.number,
                        amount=account.currency_id.format(-account.balance),
                    )
                )

    # Buttons of the form

    def _open_state_change(self, state):
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.account.state.change",
            "view_mode": "form",
            "target": "new",
            "name": {
                "suspended": self.env._("Suspend Account"),
                "closed": self.env._("Close Account"),
            }[state],
            "context": {
                "default_account_ids": self.ids,
                "default_state": state,
            },
        }

    def action_open_suspend(self):
        return self._open_state_change("suspended")

    def action_open_close(self):
        return self._open_state_change("closed")

    def _open_records(self, action, field="account_id", **context):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(action)
        return dict(
            values,
            domain=[(field, "=", self.id)],
            context={f"default_{field}": self.id, **context},
        )

    def action_view_vehicles(self):
        return self._open_records("toll_account.toll_vehicle_action", active_test=False)

    def action_view_entries(self):
        return self._open_records("toll_account.toll_wallet_entry_action")

    def action_view_payments(self):
        return self._open_records(
            "toll_account.account_payment_action", field="toll_account_id"
        )

    def action_view_invoices(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        return dict(
            values,
            domain=list(self._get_invoice_domain()),
            context={"default_partner_id": self.partner_id.id},
        )
