from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

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
