from odoo import api, fields, models
from odoo.exceptions import UserError

FROZEN = {"account_id", "code_id", "note", "phone", "direction", "channel"}


class TollCall(models.Model):
    """What was said, with whom, and what comes of it."""

    _name = "toll.call"
    _description = "Contact with a Customer"
    _order = "started_at desc, id desc"
    _rec_name = "started_at"
    _check_company_auto = True

    account_id = fields.Many2one(
        "toll.account", index=True, ondelete="restrict", check_company=True
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        required=True,
        index=True,
    )
    currency_id = fields.Many2one(related="account_id.currency_id")
    balance = fields.Monetary(related="account_id.balance")
    phone = fields.Char(string="Telephone", index=True)
    caller = fields.Char(help="Who called, where it is not the customer.")
    direction = fields.Selection(
        [("in", "From the customer"), ("out", "To the customer")],
        required=True,
        default="in",
    )
    channel = fields.Selection(
        [
            ("phone", "Telephone"),
            ("chat", "Chat"),
            ("email", "E-mail"),
            ("counter", "Counter"),
        ],
        required=True,
        default="phone",
    )
    code_id = fields.Many2one(
        "toll.call.code", string="Wrap-up", ondelete="restrict", index=True
    )
    script = fields.Text(related="code_id.script")
    note = fields.Text()
    started_at = fields.Datetime(
        required=True, default=fields.Datetime.now, readonly=True
    )
    ended_at = fields.Datetime(readonly=True, copy=False)
    minutes = fields.Float(compute="_compute_minutes", store=True, aggregator="avg")
    user_id = fields.Many2one(
        "res.users",
        string="Agent",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.user,
    )
    request_id = fields.Many2one("toll.request", ondelete="restrict", copy=False)

    @api.depends("account_id")
    def _compute_company_id(self):
        for call in self:
            call.company_id = (
                call.account_id.company_id or call.company_id or self.env.company
            )

    @api.depends("started_at", "ended_at")
    def _compute_minutes(self):
        for call in self:
            spent = call.ended_at and call.ended_at - call.started_at
            call.minutes = spent.total_seconds() / 60 if spent else 0

    def write(self, vals):
        self.check_access("write")
        if FROZEN & vals.keys() and self.filtered("ended_at"):
            raise UserError(
                self.env._("This call has ended: write a new note instead.")
            )
        return super().write(vals)

    def _erase_words(self):
        """Who was spoken to, and what was said; what it was about stays."""
        return super().write({"note": False, "phone": False, "caller": False})

    def action_finish(self):
        """End the call; its wrap-up code says what it was about."""
        self.check_access("write")
        for call in self.filtered(lambda c: not c.ended_at):
            if not call.code_id:
                raise UserError(self.env._("Choose the wrap-up of the call."))
            call.ended_at = fields.Datetime.now()
        return True

    def action_open_request(self):
        """The request that the call ends in, prefilled."""
        self.ensure_one()
        self.check_access("write")
        if not self.request_id:
            kind = self.code_id.request_type_id or self.env.ref(
                "toll_account.toll_request_type_other"
            )
            account = self.account_id
            self.request_id = self.env["toll.request"].create(
                {
                    "type_id": kind.id,
                    "channel": "phone" if self.channel == "chat" else self.channel,
                    "account_id": account.id,
                    "contact_name": self.caller
                    or (not account and (self.phone or self.env._("Unknown caller"))),
                    "contact_phone": self.phone,
                    "description": self.note or self.code_id.name or kind.name,
                }
            )
        return self.request_id._get_records_action()

    def action_view_account(self):
        self.ensure_one()
        return self.account_id._get_records_action()


class TollAccount(models.Model):
    _inherit = "toll.account"

    call_ids = fields.One2many("toll.call", "account_id", string="Calls")
    call_count = fields.Integer(compute="_compute_call_count")

    @api.depends("call_ids")
    def _compute_call_count(self):
        counts = self._count_by_account("toll.call", "account_id")
        for account in self:
            account.call_count = counts.get(account._origin.id, 0)
