from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

CHANNELS = [
    ("phone", "Telephone"),
    ("email", "E-mail"),
    ("sms", "SMS"),
    ("chat", "Chat"),
    ("letter", "Letter"),
    ("visit", "Visit"),
]


class TollCollectionContact(models.Model):
    """One contact with a debtor: how, what came of it, what comes next."""

    _name = "toll.collection.contact"
    _description = "Contact with a Debtor"
    _order = "contact_at desc, id desc"
    _rec_name = "contact_at"

    case_id = fields.Many2one(
        "toll.collection.case", required=True, index=True, ondelete="restrict"
    )
    account_id = fields.Many2one(related="case_id.account_id")
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        related="case_id.company_id", store=True, index=True, precompute=True
    )
    contact_at = fields.Datetime(
        string="Date", required=True, default=fields.Datetime.now, index=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Collector",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.user,
    )
    channel = fields.Selection(CHANNELS, required=True, default="phone")
    direction = fields.Selection(
        [("out", "To the customer"), ("in", "From the customer")],
        required=True,
        default="out",
    )
    result_id = fields.Many2one(
        "toll.contact.result", required=True, index=True, ondelete="restrict"
    )
    is_reached = fields.Boolean(related="result_id.is_reached", store=True)
    note = fields.Text()
    next_action = fields.Char(
        compute="_compute_next", store=True, readonly=False, precompute=True
    )
    next_action_date = fields.Date(
        compute="_compute_next", store=True, readonly=False, precompute=True
    )

    @api.depends("result_id")
    def _compute_next(self):
        today = fields.Date.context_today(self)
        for contact in self:
            result = contact.result_id
            contact.next_action = result.next_action
            contact.next_action_date = (
                today + timedelta(days=result.next_days) if result else False
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not self.env.su:
                vals["user_id"] = self.env.uid
            at = fields.Datetime.to_datetime(vals.get("contact_at"))
            if at and at > fields.Datetime.now() + timedelta(minutes=5):
                raise UserError(self.env._("A contact is not in the future."))
        contacts = super().create(vals_list)
        contacts.case_id._check_open()
        for contact in contacts:
            contact.case_id.write(contact._prepare_case_vals())
        return contacts

    def _prepare_case_vals(self):
        """What a contact leaves on its case."""
        self.ensure_one()
        return {
            "last_contact_at": self.contact_at,
            "last_result_id": self.result_id.id,
            "next_action": self.next_action,
            "next_action_date": self.next_action_date,
        }

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("What was said stays as it was written: log another contact.")
        )

    def _erase_notes(self):
        """The customer's data are erased by law: what was said goes with them."""
        return super().write({"note": False})

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Contacts stay on record."))
