import base64

from odoo import api, fields, models
from odoo.exceptions import ValidationError

MAX_BYTES = 10_000_000
# First bytes of what people scan: PDF, PNG, JPEG.
SIGNATURES = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff")


class TollDocument(models.Model):
    _name = "toll.document"
    _description = "Document of an Account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "expiry_date, id desc"

    name = fields.Char(required=True)
    kind = fields.Selection(
        [
            ("identity", "Identity"),
            ("registration", "Vehicle Registration"),
            ("insurance", "Insurance"),
            ("licence", "Driving Licence"),
            ("exemption", "Exemption"),
            ("contract", "Contract"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
        tracking=True,
    )
    account_id = fields.Many2one(
        "toll.account",
        compute="_compute_account_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    vehicle_id = fields.Many2one(
        "toll.vehicle",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('account_id', '=', account_id)]",
    )
    driver_id = fields.Many2one(
        "toll.driver",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('account_id', '=', account_id)]",
    )
    exemption_id = fields.Many2one(
        "toll.exemption", index="btree_not_null", ondelete="cascade"
    )
    file = fields.Binary(attachment=True)
    filename = fields.Char()
    issue_date = fields.Date()
    expiry_date = fields.Date(tracking=True, index="btree_not_null")
    is_expired = fields.Boolean(
        compute="_compute_is_expired", search="_search_is_expired"
    )
    active = fields.Boolean(default=True)

    _dates_valid = models.Constraint(
        "CHECK (expiry_date >= issue_date)",
        "A document does not expire before it is issued.",
    )

    @api.depends("vehicle_id", "driver_id", "exemption_id")
    def _compute_account_id(self):
        for document in self:
            owner = document.vehicle_id or document.driver_id or document.exemption_id
            if owner:
                document.account_id = owner.account_id

    @api.depends("expiry_date")
    def _compute_is_expired(self):
        today = fields.Date.context_today(self)
        for document in self:
            until = document.expiry_date
            document.is_expired = bool(until and until < today)

    def _search_is_expired(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        if True in value and False in value:
            return []
        if True in value:
            return [("expiry_date", "<", today)]
        return ["|", ("expiry_date", "=", False), ("expiry_date", ">=", today)]

    @api.constrains("file")
    def _check_file(self):
        for document in self.with_context(bin_size=False).filtered("file"):
            content = base64.b64decode(document.file)
            if len(content) > MAX_BYTES:
                raise ValidationError(
                    self.env._(
                        "“%(name)s” is larger than %(size)s MB: scan it with less "
                        "resolution.",
                        name=document.name,
                        size=MAX_BYTES // 1_000_000,
                    )
                )
            if not content.startswith(SIGNATURES):
                raise ValidationError(
                    self.env._(
                        "“%(name)s” is neither a PDF nor a picture (PNG, JPEG).",
                        name=document.name,
                    )
                )

    @api.model
    def _cron_expiry(self):
        """Ask for a new document a month before the old one ends, once."""
        soon = fields.Date.add(fields.Date.context_today(self), days=30)
        expiring = self.search(
            [
                ("expiry_date", "!=", False),
                ("expiry_date", "<=", soon),
                ("activity_ids", "=", False),
                ("account_id.state", "in", ("active", "suspended")),
            ],
            limit=1000,
        )
        for document in expiring:
            user = document.account_id.user_id or document.create_uid
            document.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=document.expiry_date,
                summary=self.env._("Ask for the new document"),
                user_id=user.id,
            )
