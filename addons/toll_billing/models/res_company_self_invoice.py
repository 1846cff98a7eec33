from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    toll_self_invoice_days = fields.Integer(
        string="Self-invoice within (Days)",
        default=60,
        help="Customers invoice crossings of so many days back themselves; older ones "
        "come with the next billing run. Zero: no limit.",
    )
    toll_self_invoice_postpaid = fields.Boolean(
        string="Postpaid Customers, too",
        help="Postpaid customers may invoice the open period before it is over.",
    )
    toll_tax_id_required = fields.Boolean(
        string="Tax ID Needed",
        default=True,
        help="An invoice that somebody asks for on the web needs a tax id and a "
        "postcode.",
    )

    _toll_self_invoice_days_positive = models.Constraint(
        "CHECK (toll_self_invoice_days >= 0)",
        "The days for self-invoices are not negative; zero stands for no limit.",
    )


class ResConfigSettings(models.TransientModel):
    # pylint: disable-next=consider-merging-classes-inherited
    _inherit = "res.config.settings"

    toll_self_invoice_days = fields.Integer(
        related="company_id.toll_self_invoice_days", readonly=False
    )
    toll_self_invoice_postpaid = fields.Boolean(
        related="company_id.toll_self_invoice_postpaid", readonly=False
    )
    toll_tax_id_required = fields.Boolean(
        related="company_id.toll_tax_id_required", readonly=False
    )
