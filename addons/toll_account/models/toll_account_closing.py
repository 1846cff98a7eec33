from odoo import fields, models
from odoo.exceptions import UserError

from ..core.banks import AccountNumberError, clean_account

REFUND_GROUPS = "toll_account.group_toll_billing,toll_account.group_toll_accountant"


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _get_closing_checks(self):
        """[(label, is it in order, what to do)] before the account may be closed.

        Other addons add their own lines.
        """
        self.ensure_one()
        currency = self.currency_id
        return [
            (
                self.env._("Nothing is owed"),
                currency.compare_amounts(self.balance, 0) >= 0,
                self.env._(
                    "The wallet owes %s: invoice and collect it.",
                    currency.format(-self.balance),
                ),
            ),
            (
                self.env._("No open invoices"),
                currency.compare_amounts(self.amount_receivable, 0) <= 0,
                self.env._(
                    "Collect or credit %s.", currency.format(self.amount_receivable)
                ),
            ),
            (
                self.env._("No crossings wait"),
                currency.is_zero(self.amount_reserved),
                self.env._(
                    "Crossings of %s are held: apply or refuse them.",
                    currency.format(self.amount_reserved),
                ),
            ),
        ]

    def _may_refund(self):
        return self.env.su or self.env.user.has_groups(REFUND_GROUPS)

    def _close_and_settle(self, reason, note=None, method=None, ref=None, bank=None):
        """Give back what is left and close, in one transaction; answer the refund."""
        self.ensure_one()
        self.check_access("write")
        self._claim_wallets()
        entry = self.env["toll.wallet.entry"]
        if self.currency_id.compare_amounts(self.balance, 0) > 0:
            if not self._may_refund():
                raise UserError(
                    self.env._(
                        "%(amount)s are left in the wallet. Only Billing gives money "
                        "back: leave the closing to them.",
                        amount=self.currency_id.format(self.balance),
                    )
                )
            number = self._check_bank_account(bank) if method == "transfer" else None
            entry = self.refund(self.balance, ref, method)
            if number:
                self._set_refund_account(entry, number)
        self.action_close(reason, note)
        return entry

    def _check_bank_account(self, bank):
        try:
            return clean_account(bank)
        except AccountNumberError as error:
            if error.args[0] == "check_digit":
                raise UserError(
                    self.env._(
                        "Bank account %(number)s: its check digit is wrong.",
                        number=bank,
                    )
                ) from None
            raise UserError(
                self.env._("Write the customer's bank account: CLABE or IBAN.")
            ) from None

    def _set_refund_account(self, entry, number):
        # the refund is allowed by now; where it goes belongs to it
        payment_sudo = entry.sudo().payment_id
        partner = payment_sudo.partner_id
        banks_sudo = self.env["res.partner.bank"].sudo()
        bank_sudo = banks_sudo.search(
            [("partner_id", "=", partner.id), ("acc_number", "=", number)], limit=1
        ) or banks_sudo.create({"partner_id": partner.id, "acc_number": number})
        payment_sudo.partner_bank_id = bank_sudo

    def _get_closing_refund(self):
        """The last money that was given back, for the letter."""
        self.ensure_one()
        # the letter is for the customer, whoever prints it
        payments_sudo = self.sudo().payment_ids.filtered(
            lambda p: p.payment_type == "outbound" and p.state != "canceled"
        )
        return payments_sudo.sorted("id")[-1:]

    def action_open_close(self):
        """One account closes by its assistant, several by a reason only."""
        if len(self) != 1:
            return super().action_open_close()
        return self._open_assistant("toll_closing_action")

    def action_print_closing_letter(self):
        self.check_access("read")
        return self.env.ref("toll_account.action_report_closing_letter").report_action(
            self.ids
        )

    def action_open_again(self):
        """A closed account stays closed: the customer gets a new one, prefilled."""
        self.ensure_one()
        if self.state != "closed":
            raise UserError(
                self.env._("Account %(number)s is not closed.", number=self.number)
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_signup_action"
        )
        vehicles = self.with_context(active_test=False).vehicle_ids
        free = vehicles.filtered(
            lambda v: not self._find_plate(v.plate_normalized, v.country_id.id)
        )
        lines = [
            {
                "plate": vehicle.plate,
                "country_id": vehicle.country_id.id,
                "state_id": vehicle.state_id.id,
                "class_id": vehicle.class_id.id,
                "make": vehicle.make,
                "model": vehicle.model,
                "color": vehicle.color,
            }
            for vehicle in {v.plate_normalized: v for v in free}.values()
        ]
        context = {
            "default_partner_id": self.partner_id.id,
            "default_company_id": self.company_id.id,
            "default_line_ids": [fields.Command.create(line) for line in lines],
        }
        if self.plan_id.active:
            context["default_plan_id"] = self.plan_id.id
        return dict(action, context=context)
