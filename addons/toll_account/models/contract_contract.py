from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..core import numbers

AGENT_GROUPS = "toll_account.group_toll_agent,toll_account.group_toll_billing"


class ContractContract(models.Model):
    _inherit = "contract.contract"

    toll_account_id = fields.Many2one(
        "toll.account",
        string="Account",
        index="btree_not_null",
        copy=False,
        ondelete="restrict",
        check_company=True,
    )
    toll_plan_id = fields.Many2one(
        "toll.plan", string="Plan", ondelete="restrict", check_company=True
    )
    toll_condition_id = fields.Many2one(
        "toll.contract.condition",
        string="Conditions",
        ondelete="restrict",
        index="btree_not_null",
        help="The text in force when the contract was made: what the customer signs.",
    )
    toll_state = fields.Selection(
        [("draft", "To Sign"), ("active", "In Force"), ("ended", "Ended")],
        string="Contract State",
        copy=False,
        tracking=True,
        index="btree_not_null",
    )
    toll_valid_until = fields.Date(string="Valid Until", copy=False, tracking=True)
    toll_is_auto_renew = fields.Boolean(string="Renews Itself", tracking=True)
    toll_renewals = fields.Integer(string="Renewals", readonly=True, copy=False)
    toll_signed_at = fields.Datetime(string="Signed On", readonly=True, copy=False)
    toll_signed_by = fields.Char(string="Signed By", readonly=True, copy=False)
    toll_signature = fields.Binary(
        string="Signature", attachment=True, readonly=True, copy=False
    )
    toll_signed_how = fields.Selection(
        [("screen", "On screen"), ("paper", "On paper"), ("portal", "Virtual office")],
        string="Signed How",
        readonly=True,
        copy=False,
    )
    toll_witness_id = fields.Many2one(
        "res.users", string="Signed Before", readonly=True, copy=False
    )
    toll_ended_at = fields.Date(string="Ended On", readonly=True, copy=False)
    toll_end_reason_id = fields.Many2one(
        "toll.state.reason", string="Why It Ended", readonly=True, copy=False
    )
    toll_end_note = fields.Char(string="Note on the End", readonly=True, copy=False)

    def get_formview_id(self, access_uid=None):
        """Links to a service contract open its own form."""
        if len(self) == 1 and self.toll_account_id:
            return self.env.ref("toll_account.contract_contract_view_form").id
        return super().get_formview_id(access_uid=access_uid)

    # Signature

    def toll_sign(self, name, signature=None, how="screen"):
        """Sign the contract: an agent for the person at the counter, or the customer.

        `signature` is an image in base64; a contract signed on paper needs none.
        Signing a signed contract again changes nothing.
        """
        self.ensure_one()
        self.check_access("read")
        is_staff = self.env.su or self.env.user.has_groups(AGENT_GROUPS)
        own = self.env.user.commercial_partner_id
        if not is_staff and self.sudo().commercial_partner_id != own:
            raise AccessError(self.env._("You are not allowed to sign this contract."))
        how = how if is_staff else "portal"
        name = (name or "").strip()
        # staff and customers may read contracts; only signing changes them
        contract_sudo = self.sudo()
        if contract_sudo.toll_state != "draft":
            if contract_sudo.toll_signed_at:
                return True
            raise UserError(
                self.env._(
                    "Contract %(code)s is not waiting for a signature.",
                    code=contract_sudo.code,
                )
            )
        if not name or (how != "paper" and not signature):
            raise UserError(self.env._("Write the name and draw the signature."))
        contract_sudo.write(
            {
                "toll_state": "active",
                "toll_signed_at": fields.Datetime.now(),
                "toll_signed_by": name,
                "toll_signature": signature,
                "toll_signed_how": how,
                "toll_witness_id": is_staff and self.env.uid,
            }
        )
        contract_sudo._message_log(
            body=self.env._("Contract signed by %(name)s", name=name)
        )
        return True

    def action_toll_print(self):
        self.check_access("read")
        return self.env.ref("toll_account.action_report_contract").report_action(
            self.ids
        )

    # End and renewal

    def _toll_end(self, reason=None, note=None, date=None):
        """End these contracts; nothing recurring is invoiced any more."""
        self.filtered(lambda c: c.toll_state != "ended").write(
            {
                "toll_state": "ended",
                "toll_ended_at": date or fields.Date.context_today(self),
                "toll_end_reason_id": reason.id if reason else False,
                "toll_end_note": note,
            }
        )

    @api.model
    def _cron_toll_renew(self):
        """Extend what renews itself, end what does not, tell people before."""
        today = fields.Date.context_today(self)
        in_force = Domain("toll_state", "=", "active") & Domain(
            "toll_valid_until", "!=", False
        )
        due = self.search(in_force & Domain("toll_valid_until", "<", today))
        renewed = due.filtered("toll_is_auto_renew")
        for contract in renewed:
            contract._toll_renew(today)
        (due - renewed)._toll_end()
        for contract in self.search(in_force):
            contract._toll_give_notice(today)

    def _toll_renew(self, today):
        self.ensure_one()
        months = max(self.toll_plan_id.months, 1)
        until = self.toll_valid_until
        count = 0
        while until < today:
            count += 1
            until = self.toll_valid_until + relativedelta(months=months * count)
        self.write(
            {"toll_valid_until": until, "toll_renewals": self.toll_renewals + count}
        )

    def _toll_give_notice(self, today):
        self.ensure_one()
        kind = "mail.mail_activity_data_todo"
        notice = self.toll_valid_until - relativedelta(
            days=self.toll_plan_id.notice_days
        )
        user = self.toll_account_id.user_id
        known = self.activity_search(
            [kind], additional_domain=[("date_deadline", "=", self.toll_valid_until)]
        )
        if notice <= today and user and not known:
            self.activity_schedule(
                kind,
                date_deadline=self.toll_valid_until,
                user_id=user.id,
                summary=self.env._("Contract renews itself")
                if self.toll_is_auto_renew
                else self.env._("Contract ends"),
            )

    # Invoices

    @api.model
    def _get_contracts_to_invoice_domain(self, date_ref=None):
        """Of service contracts, those in force of accounts that are open."""
        domain = super()._get_contracts_to_invoice_domain(date_ref)
        service = Domain("toll_state", "=", "active") & Domain(
            "toll_account_id.state", "in", ("active", "suspended")
        )
        return Domain(domain) & (Domain("toll_account_id", "=", False) | service)

    def _prepare_invoice(self, date_invoice, journal=None):
        values = super()._prepare_invoice(date_invoice, journal=journal)
        if self.toll_account_id:
            values["toll_account_id"] = self.toll_account_id.id
        return values

    def _prepare_recurring_invoices_values(self, date_ref=False):
        """No invoice where nothing is charged: an account without TAGs, say."""
        found = super()._prepare_recurring_invoices_values(date_ref)
        return [
            values
            for values in found
            if values["invoice_line_ids"] or not values.get("toll_account_id")
        ]

    def _recurring_create_invoice(self, date_ref=False):
        moves = super()._recurring_create_invoice(date_ref)
        moves.filtered("toll_account_id")._toll_issue()
        return moves

    @api.model
    def _toll_next_code(self):
        sequence_sudo = self.env.ref("toll_account.toll_contract_sequence").sudo()
        return "C" + numbers.account_number(sequence_sudo._next())


class ContractLine(models.Model):
    _inherit = "contract.line"

    toll_unit = fields.Selection(
        [("account", "Per account"), ("device", "Per TAG")], string="Charged"
    )

    def _get_quantity_to_invoice(self, period_first, period_last, invoice_date):
        quantity = super()._get_quantity_to_invoice(
            period_first, period_last, invoice_date
        )
        if self.toll_unit == "device":
            account = self.contract_id.toll_account_id
            return quantity * account._get_device_count()
        return quantity

    def _prepare_invoice_line(self):
        values = super()._prepare_invoice_line()
        if self.toll_unit and values and not values["quantity"]:
            return {}
        return values
