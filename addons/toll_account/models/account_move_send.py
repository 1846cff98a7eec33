from odoo import api, fields, models

from .res_partner_contact import MESSAGED

METHOD = "toll_message"


class ResPartner(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "res.partner"

    invoice_sending_method = fields.Selection(
        selection_add=[(METHOD, "by Text Message or WhatsApp")],
        ondelete={METHOD: "set null"},
    )


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_default_sending_methods(self, move):
        """As the customer wants to be told; what somebody set by hand stays.

        Where the account has further addresses, these get their e-mail all the same.
        """
        partner = move.commercial_partner_id.with_company(move.company_id)
        if partner.invoice_sending_method or not move._toll_can_message():
            return super()._get_default_sending_methods(move)
        further = move.toll_account_id.sudo()._get_invoice_emails()  # as it is sent
        return {METHOD, "email"} if further else {METHOD}

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        """The account's further addresses get its invoices too."""
        partners = super()._get_default_mail_partner_ids(move, mail_template, mail_lang)
        # whoever sends the invoice sends it to whom the account wants
        account_sudo = move.toll_account_id.sudo()
        emails = account_sudo._get_invoice_emails() if account_sudo else []
        if emails:
            partners |= move._partner_find_from_emails_single(emails, no_create=False)
        return partners

    @api.model
    def _is_applicable_to_company(self, method, company):
        if method == METHOD:
            return bool(self.env["toll.gateway"]._get_channels(company))
        return super()._is_applicable_to_company(method, company)

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        if method == METHOD:
            return move._toll_can_message()
        return super()._is_applicable_to_move(method, move, **move_data)

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        result = super()._hook_if_success(moves_data, from_cron=from_cron)
        for move, data in moves_data.items():
            if METHOD in data["sending_methods"] and move._toll_can_message():
                move._toll_tell_invoice()
        return result


class AccountMove(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "account.move"

    def _toll_can_message(self):
        """Does the customer want text messages or WhatsApp, and can we send them?"""
        self.ensure_one()
        # names and numbers of whom the invoice is for, whoever sends it
        account_sudo = self.toll_account_id.sudo()
        partner_sudo = account_sudo.partner_id
        channel = partner_sudo.toll_channel
        return bool(
            self.is_sale_document()
            and channel in MESSAGED
            and partner_sudo._toll_mobile()
            and self.env["toll.gateway"]._find(channel, self.company_id)
        )
