from odoo import api, fields, models

FIELDS = (
    "name",
    "vat",
    "email",
    "phone",
    "street",
    "zip",
    "city",
    "state_id",
    "country_id",
    "lang",
)


class TollDataChange(models.TransientModel):
    """Change the customer's data; what it was before stays on record."""

    _name = "toll.data.change"
    _description = "Change of a Customer's Data"

    account_id = fields.Many2one("toll.account", required=True)
    request_id = fields.Many2one("toll.request")
    name = fields.Char(required=True)
    vat = fields.Char(string="Tax ID")
    email = fields.Char(string="E-mail")
    phone = fields.Char(string="Telephone")
    street = fields.Char()
    zip = fields.Char(string="Postal Code")
    city = fields.Char()
    country_id = fields.Many2one("res.country")
    state_id = fields.Many2one(
        "res.country.state",
        string="Federal State",
        domain="[('country_id', '=', country_id)]",
    )
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(), string="Language"
    )
    note = fields.Char(
        required=True, help="Which document proves it: it stays in the history."
    )

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        account = self.env["toll.account"].browse(values.get("account_id"))
        for field in FIELDS if account else ():
            if field in fields_list:
                value = account.partner_id[field]
                is_record = isinstance(value, models.BaseModel)
                values[field] = value.id if is_record else value
        return values

    def action_confirm(self):
        self.ensure_one()
        values = {field: self[field] for field in FIELDS}
        self.account_id._change_customer_data(
            {
                field: value.id if isinstance(value, models.BaseModel) else value
                for field, value in values.items()
            },
            self.note,
        )
        request = self.request_id
        if request:
            request.resolution = request.resolution or self.env._(
                "Your data were changed."
            )
            request.action_done()
        return {"type": "ir.actions.act_window_close"}
