from odoo import api, fields, models

DATA_CLASSES = [
    ("customer", "Name, addresses and contacts"),
    ("vehicle", "Number plates"),
    ("crossing", "Crossings"),
    ("payment", "Payments and invoices"),
    ("request", "Requests and their files"),
    ("consent", "Consents"),
]


class TollRetention(models.Model):
    """How long each kind of personal data is kept after the account has ended."""

    _name = "toll.retention"
    _description = "Retention of Data"
    _order = "sequence, id"
    _rec_name = "data_class"

    data_class = fields.Selection(DATA_CLASSES, string="Data", required=True)
    sequence = fields.Integer(default=10)
    months = fields.Integer(
        required=True, help="Months after the last account was closed."
    )
    basis = fields.Char(
        string="Legal Basis", translate=True, help="Why it is kept so long."
    )
    action = fields.Selection(
        [("erase", "Erase"), ("pseudonymise", "Pseudonymise"), ("keep", "Keep")],
        required=True,
        default="pseudonymise",
        help="Keep: the books need it; it no longer leads to the person.",
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all companies."
    )

    _class_uniq = models.Constraint(
        "UNIQUE NULLS NOT DISTINCT (data_class, company_id)",
        "This kind of data has a period already.",
    )
    _months_positive = models.Constraint(
        "CHECK (months >= 0)", "The period cannot be negative."
    )

    @api.model
    def _get_months(self, company):
        """{kind of data: months}; the company's own before the common ones."""
        rows_sudo = self.sudo().search([("company_id", "in", [company.id, False])])
        return {
            row.data_class: row.months
            for row in rows_sudo.sorted(lambda r: bool(r.company_id))
        }
