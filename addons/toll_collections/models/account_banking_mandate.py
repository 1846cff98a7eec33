import hashlib

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.toll_account.core.banks import AccountNumberError

from ..core import bank_number
from ..core.debit import mask

#: Who may make, change and cancel mandates for customers.
KEEPERS = (
    "toll_account.group_toll_agent,toll_account.group_toll_billing,"
    "toll_collections.group_toll_collection_supervisor,"
    "toll_account.group_toll_accountant"
)
EVIDENCE = frozenset(
    {
        "toll_origin",
        "toll_accepted_at",
        "toll_accepted_ip",
        "toll_accepted_agent",
        "toll_text",
        "toll_text_hash",
        "toll_cancel_reason",
        "toll_cancelled_at",
        "toll_cancelled_by_id",
        "last_debit_date",
    }
)


class AccountBankingMandate(models.Model):
    """The mandate of a toll account: who pays may be another than the customer."""

    _inherit = "account.banking.mandate"

    toll_account_id = fields.Many2one(
        "toll.account",
        string="Account",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="The account whose invoices and top-ups are debited.",
    )
    toll_customer_id = fields.Many2one(
        related="toll_account_id.partner_id", string="Customer"
    )
    toll_number_masked = fields.Char(
        string="Number", compute="_compute_toll_number_masked"
    )
    toll_origin = fields.Selection(
        [("paper", "On paper"), ("web", "Virtual office")],
        string="Signed",
        default="paper",
        required=True,
        readonly=True,
        copy=False,
    )
    toll_accepted_at = fields.Datetime(string="Accepted on", readonly=True, copy=False)
    toll_accepted_ip = fields.Char(string="IP Address", readonly=True, copy=False)
    toll_accepted_agent = fields.Char(string="Program", readonly=True, copy=False)
    toll_text = fields.Text(string="Accepted Text", readonly=True, copy=False)
    toll_text_hash = fields.Char(
        string="SHA-256 of the Text", readonly=True, copy=False
    )
    toll_cancel_reason = fields.Char(
        string="Cancelled Because", readonly=True, copy=False, tracking=True
    )
    toll_cancelled_at = fields.Datetime(
        string="Cancelled on", readonly=True, copy=False
    )
    toll_cancelled_by_id = fields.Many2one(
        "res.users", string="Cancelled by", readonly=True, copy=False
    )

    _toll_valid_uniq = models.UniqueIndex(
        "(toll_account_id) WHERE state = 'valid' AND toll_account_id IS NOT NULL",
        "The account has a valid mandate: cancel it first.",
    )

    # === COMPUTES AND CHECKS === #
    @api.depends("partner_bank_id")
    def _compute_toll_number_masked(self):
        for mandate in self:
            # the end of the number is no secret of whoever sees the mandate
            number = mandate.sudo().partner_bank_id.sanitized_acc_number
            mandate.toll_number_masked = mask(number)

    @api.constrains("partner_bank_id", "toll_account_id")
    def _check_toll_number(self):
        for mandate in self.filtered("toll_account_id"):
            number = mandate.partner_bank_id.sanitized_acc_number
            if number:
                self._toll_check_number(number)

    @api.model
    def _toll_check_number(self, text):
        try:
            return bank_number.check(text)
        except AccountNumberError as error:
            if error.args[0] == "kind":
                message = self.env._(
                    "Write an IBAN or a CLABE of 18 digits: other numbers cannot be "
                    "debited."
                )
            else:
                message = self.env._(
                    "This bank account number has a mistake: please compare it with "
                    "your bank's papers."
                )
            raise ValidationError(message) from None

    # === CHANGES === #
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not self.env.su and (
                vals.keys() & (EVIDENCE - {"toll_origin"})
                or vals.get("toll_origin", "paper") != "paper"
            ):
                self._toll_refuse_by_hand()
        mandates = super().create(vals_list)
        mandates.filtered(lambda m: m.state == "valid")._toll_prefer()
        return mandates

    def write(self, vals):
        mine = self.filtered("toll_account_id")
        if not self.env.su and mine and vals.keys() & (EVIDENCE | {"state"}):
            self._toll_refuse_by_hand()
        amended = self.browse()
        if "partner_bank_id" in vals:
            amended = mine.filtered(
                lambda m: (
                    m.state == "valid"
                    and m.type == "recurrent"
                    and m.partner_bank_id.id != vals["partner_bank_id"]
                )
            )
        result = super().write(vals)
        for mandate in amended:
            # the payer's bank learns of the change with the next debit
            super(AccountBankingMandate, mandate).write(
                {"recurrent_sequence_type": "first"}
            )
            mandate._toll_prefer()
        return result

    def _toll_refuse_by_hand(self):
        raise AccessError(
            self.env._("This changes through the buttons of the document, not by hand.")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_toll_drafts(self):
        if any(m.toll_account_id and m.state != "draft" for m in self):
            raise UserError(
                self.env._("Mandates stay on record: cancel it with its reason.")
            )

    def _toll_check_keeper(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_groups(KEEPERS):
            raise AccessError(self.env._("You are not allowed to change mandates."))

    def validate(self):
        mine = self.filtered("toll_account_id")
        if not mine:
            return super().validate()
        mine._toll_check_keeper()
        for mandate in mine:
            if mandate.toll_origin == "paper" and not mandate.scan:
                raise UserError(
                    self.env._("Attach the signed paper before validating the mandate.")
                )
        # the right is checked; the state changes by buttons alone
        result = super(AccountBankingMandate, self.sudo()).validate()
        mine.sudo()._toll_prefer()
        return result

    def cancel(self):
        if any(mandate.toll_account_id for mandate in self):
            return self._toll_open_cancel()
        return super().cancel()

    def back2draft(self):
        if any(mandate.toll_account_id for mandate in self):
            raise UserError(
                self.env._(
                    "A cancelled mandate stays cancelled: let the customer sign a "
                    "new one."
                )
            )
        return super().back2draft()

    def _toll_open_cancel(self):
        self._toll_check_keeper()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel Mandate"),
            "res_model": "toll.mandate.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_mandate_ids": self.ids},
        }

    def _toll_cancel(self, reason, keep_means=False):
        """Cancel for good; whoever calls has checked that it may be done."""
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why the mandate is cancelled."))
        for mandate in self.filtered(lambda m: m.state in ("draft", "valid")):
            mandate_sudo = mandate.sudo()  # checked by the caller
            mandate_sudo.write(
                {
                    "state": "cancel",
                    "toll_cancel_reason": reason,
                    "toll_cancelled_at": fields.Datetime.now(),
                    "toll_cancelled_by_id": self.env.uid,
                }
            )
            # before another one becomes valid: one is, at any time
            mandate_sudo.flush_recordset(["state"])
            if not keep_means:
                mandate_sudo.toll_account_id.payment_preference_ids.filtered(
                    lambda row: row.means == "debit"
                ).active = False

    def _toll_prefer(self):
        """A valid mandate is one of the account's means of payment."""
        for mandate in self.filtered("toll_account_id"):
            rows = mandate.toll_account_id.payment_preference_ids.filtered(
                lambda row: row.means == "debit"
            )
            if rows:
                rows[0].bank_id = mandate.partner_bank_id
                rows[1:].active = False
            else:
                rows.create(
                    {
                        "account_id": mandate.toll_account_id.id,
                        "means": "debit",
                        "bank_id": mandate.partner_bank_id.id,
                        "sequence": 5,
                    }
                )

    # === SIGNING === #
    @api.model
    def _toll_mandate_text(self, account, holder, number):
        """What is accepted, in the language of the environment."""
        return self.env._(
            "I authorise %(company)s to debit my bank account %(number)s with what "
            "toll account %(account)s owes: its invoices and the top-ups that I have "
            "asked for. I authorise my bank to pay these debits. I am told the amount "
            "and the day of each debit beforehand. I can cancel this mandate at any "
            "time in the virtual office or at customer service, and may claim a debit "
            "back from my bank within the time that the law gives. Holder of the bank "
            "account: %(holder)s.",
            company=account.company_id.name,
            number=mask(number) or "…",
            account=account.number,
            holder=holder,
        )

    @api.model
    def _toll_sign(self, account, number, holder, ip, agent):
        """The mandate that a customer accepts in the virtual office.

        The caller has found the account among the customer's own.
        """
        number = self._toll_check_number(number)
        holder = " ".join((holder or "").split())[:70]
        if not holder:
            raise UserError(self.env._("Please write the name of the account holder."))
        text = self._toll_mandate_text(account, holder, number)
        account_sudo = account.sudo()  # customers keep no mandates; theirs is signed
        now = fields.Datetime.now()
        account_sudo.mandate_id._toll_cancel(self.env._("Replaced by a new mandate."))
        return self.sudo().create(
            {
                "company_id": account.company_id.id,
                "toll_account_id": account.id,
                "partner_bank_id": self._toll_get_bank(account_sudo, number, holder).id,
                "format": "sepa" if number[:2].isalpha() else "basic",
                "type": "recurrent",
                "recurrent_sequence_type": "first",
                "signature_date": account.company_id._toll_today(),
                "state": "valid",
                "toll_origin": "web",
                "toll_accepted_at": now,
                "toll_accepted_ip": ip,
                "toll_accepted_agent": (agent or "")[:250],
                "toll_text": text,
                "toll_text_hash": hashlib.sha256(text.encode()).hexdigest(),
            }
        )

    @api.model
    def _toll_get_bank(self, account_sudo, number, holder):
        partner = account_sudo.commercial_partner_id
        banks_sudo = self.env["res.partner.bank"].sudo().with_context(active_test=False)
        found = banks_sudo.search(
            [("partner_id", "=", partner.id), ("sanitized_acc_number", "=", number)],
            limit=1,
        )
        name = bank_number.bank_name(number)
        bank_id = False
        if name:
            issuers_sudo = self.env["res.bank"].sudo()
            mexico = self.env.ref("base.mx")
            bank = issuers_sudo.search([("name", "=ilike", name)], limit=1)
            bank = bank or issuers_sudo.create({"name": name, "country": mexico.id})
            bank_id = bank.id
        values = {"acc_holder_name": holder, "active": True}
        if found:
            found.write(values)
            return found
        return banks_sudo.create(
            {
                "partner_id": partner.id,
                "acc_number": number,
                "bank_id": bank_id,
                **values,
            }
        )


class TollPaymentPreference(models.Model):
    _inherit = "toll.payment.preference"

    @api.constrains("means", "token_id", "bank_id", "account_id")
    def _check_owner(self):
        """The account that a mandate names may be another person's."""
        by_mandate = self.sudo().filtered(
            lambda row: (
                row.means == "debit"
                and row.bank_id
                in row.account_id.mandate_ids.filtered(
                    lambda mandate: mandate.state == "valid"
                ).partner_bank_id
            )
        )
        return super(
            TollPaymentPreference, self - by_mandate.sudo(self.env.su)
        )._check_owner()
