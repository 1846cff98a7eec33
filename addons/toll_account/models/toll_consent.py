from odoo import api, fields, models
from odoo.exceptions import UserError

PURPOSES = [
    ("conditions", "Conditions of service"),
    ("privacy", "Privacy notice"),
    ("marketing", "Offers and news"),
    ("profiling", "Offers by use"),
    ("auto_topup", "Automatic top-up"),
]


class TollConsent(models.Model):
    """What a customer agreed to or took back: a log, never changed."""

    _name = "toll.consent"
    _description = "Customer Consent"
    _order = "occurred_at desc, id desc"
    _rec_name = "purpose"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
    )
    account_id = fields.Many2one(
        "toll.account", index="btree_not_null", ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    purpose = fields.Selection(PURPOSES, required=True, index=True)
    granted = fields.Boolean()
    version = fields.Char(help="Version of the text that was shown.")
    channel = fields.Selection(
        [("web", "Virtual office"), ("counter", "Counter"), ("phone", "Telephone")],
        required=True,
        default="counter",
    )
    ip = fields.Char(string="IP Address")
    occurred_at = fields.Datetime(
        string="Date", required=True, default=fields.Datetime.now, readonly=True
    )

    @api.depends("purpose", "granted")
    def _compute_display_name(self):
        labels = dict(self._fields["purpose"]._description_selection(self.env))
        for consent in self:
            name = labels.get(consent.purpose, "")
            consent.display_name = name if consent.granted else f"✗ {name}"

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("Consents are a log: record the new decision as a new one.")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Consents are a log: they are never deleted."))

    @api.model
    def _get_current(self, partner, purposes=None):
        """{purpose: last decision of the customer}; the caller may know it."""
        domain = [("partner_id", "=", partner.id)]
        if purposes:
            domain.append(("purpose", "in", list(purposes)))
        current = {}
        # the newest come first; customers may read their own
        for consent in self.search(domain):
            current.setdefault(consent.purpose, consent)
        return current

    @api.model
    def _record(self, partner, purpose, granted, **values):
        """Log a decision; the same one again adds nothing."""
        consent_sudo = self.sudo()  # the log is written for the customer
        known = consent_sudo._get_current(partner, [purpose]).get(purpose)
        version = values.get("version") or False
        if known and known.granted == granted and known.version == version:
            return known.sudo(self.env.su)
        consent_sudo = consent_sudo.create(
            {
                "partner_id": partner.id,
                "purpose": purpose,
                "granted": granted,
                **values,
            }
        )
        return consent_sudo.sudo(self.env.su)
