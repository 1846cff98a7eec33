from odoo import api, fields, models
from odoo.fields import Domain


class TollService(models.Model):
    """What a crossing may be: toll, parking, fuel, ferry, … with its product."""

    _name = "toll.service"
    _description = "Toll Service"
    _order = "sequence, code"
    _rec_names_search = ["code", "name"]

    code = fields.Char(
        required=True, copy=False, help="As it stands in crossing files."
    )
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('type', '=', 'service')]",
        help="Invoice lines of this service carry this product, its account and taxes.",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes of this Company",
        compute="_compute_tax_ids",
        help="Prices of tariffs include these taxes.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another service has this code already."
    )

    @api.depends("product_id.taxes_id")
    @api.depends_context("company")
    def _compute_tax_ids(self):
        for service in self:
            service.tax_ids = service._get_taxes(self.env.company)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("code"):
                vals["code"] = vals["code"].strip().lower()
        services = super().create(vals_list)
        services._ensure_company_taxes()
        return services

    def _get_taxes(self, company):
        """Sales taxes of the service's product in a company."""
        return self.product_id.taxes_id.filtered_domain(
            self.env["account.tax"]._check_company_domain(company)
        )

    def _ensure_company_taxes(self, companies=None):
        """Give the products the price-included sales tax of each company.

        Companies without tolls keep the taxes they had: see ``_toll_set_up``.
        """
        services = self or self.with_context(active_test=False).search(
            [("product_id", "!=", False)]
        )
        if companies is None:
            companies = self.env["res.company"].search(
                [
                    ("account_sale_tax_id", "!=", False),
                    ("toll_deposit_account_id", "!=", False),
                ]
            )
        for company in companies:
            included_tax = self._get_included_tax(company)
            for product in services.product_id:
                product_in_company = product.with_company(company)
                taxes = product_in_company.taxes_id.filtered_domain(
                    self.env["account.tax"]._check_company_domain(company)
                )
                if included_tax and not taxes.filtered("price_include"):
                    product_in_company.taxes_id = (
                        product_in_company.taxes_id - taxes + included_tax
                    )

    @api.model
    def _included_tax_domain(self, company, tax):
        return Domain(
            [
                ("company_id", "=", tax.company_id.id),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", tax.amount_type),
                ("amount", "=", tax.amount),
                ("tax_group_id", "=", tax.tax_group_id.id),
                ("price_include_override", "=", "tax_included"),
            ]
        )

    @api.model
    def _get_included_tax(self, company):
        """The company's default sales tax, as part of the price; made where missing."""
        tax = company.account_sale_tax_id
        if not tax or tax.with_company(company).price_include:
            return tax
        included_tax = self.env["account.tax"].search(
            self._included_tax_domain(company, tax), limit=1
        )
        return included_tax or tax.copy(self._prepare_included_tax_vals(tax))

    @api.model
    def _prepare_included_tax_vals(self, tax):
        return {
            "name": self.env._("%(tax)s included", tax=tax.name),
            "price_include_override": "tax_included",
            "sequence": tax.sequence + 1,
        }
