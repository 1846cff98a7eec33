from odoo import models

ASSISTANTS = {
    "closing": "toll_closing_action",
    "data": "toll_data_change_action",
    "mode": "toll_mode_change_action",
}


class TollRequest(models.Model):
    """What a person does with a request: its buttons and assistants."""

    _inherit = "toll.request"  # pylint: disable=consider-merging-classes-inherited

    def _move(self, state, **vals):
        self.check_access("write")
        return self.write({"state": state, **vals})

    def action_start(self):
        """Take the request: it is mine unless somebody has it."""
        self.check_access("write")
        self.filtered(lambda r: not r.user_id).user_id = self.env.user
        return self._move("in_progress")

    def action_wait(self):
        return self._move("waiting")

    def action_done(self):
        self._move("done")
        return self._tell_customer()

    def action_reject(self):
        self._move("rejected")
        return self._tell_customer()

    def action_cancel(self):
        return self._move("cancelled")

    def action_reopen(self):
        return self._move("in_progress")

    def _tell_customer(self):
        """The answer goes to the customer's mailbox and virtual office.

        Who wants text messages gets one that there is an answer, and no e-mail.
        """
        for request in self.filtered("partner_id"):
            told = request._message_customer()
            request.message_post(
                body=request.resolution,
                subject=request.display_name,
                subtype_xmlid="mail.mt_comment",
                partner_ids=[] if told else request.partner_id.ids,
            )
        return True

    def _message_customer(self):
        """A message, where the customer wants one; the text stays in the office."""
        account = self.account_id.with_context(lang=self.partner_id.lang)
        if not account or account.partner_id != self.partner_id:
            return False
        body = account.env._(
            "Request %(number)s is answered: %(url)s",
            number=self.number,
            url=f"{self.get_base_url()}/my/toll/requests/{self.id}",
        )
        ref = f"request-{self.number}-{self.write_date:%Y%m%d%H%M%S}"
        return account.env["toll.message"]._queue(
            account, "request", body, ref, self.display_name
        )

    def action_handle(self):
        """Open the assistant that does what the customer asks for."""
        self.ensure_one()
        self.check_access("write")
        if self.state == "new":
            self.action_start()
        return self._get_handler() or False

    def _get_handler(self):
        """The action for the type's effect; other addons know more of them."""
        if self.effect == "new" and not self.account_id:
            action = self.env["ir.actions.act_window"]._for_xml_id(
                "toll_account.toll_signup_action"
            )
            return dict(action, context=self._prepare_sign_up_context())
        assistant = ASSISTANTS.get(self.effect)
        if assistant and self.account_id:
            return self.account_id._open_assistant(
                assistant, default_request_id=self.id
            )
        if self.account_id:
            return self.account_id._get_records_action()
        return None

    def _prepare_sign_up_context(self):
        return {
            "default_request_id": self.id,
            "default_company_id": self.company_id.id,
            "default_partner_id": self.partner_id.id,
            "default_name": self.contact_name,
            "default_phone": self.contact_phone,
            "default_email": self.contact_email,
        }

    def action_view_account(self):
        self.ensure_one()
        return self.account_id._get_records_action()
