"""TAGs and top-ups as goods that are sold: what may be promised, what must be told."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class ProductTemplate(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "product.template"

    toll_is_topup = fields.Boolean(
        string="Is a Top-up",
        help="What is paid for it goes into the wallet of the customer's account; it "
        "is the customer's own money, so it has no tax and is never invoiced.",
    )

    @api.constrains("toll_is_topup", "type", "taxes_id")
    def _check_toll_is_topup(self):
        for template in self.filtered("toll_is_topup"):
            if template.type != "service" or template.sudo().taxes_id:
                raise ValidationError(
                    self.env._(
                        "%s is a top-up: a service without taxes.",
                        template.display_name,
                    )
                )

    def _toll_get_shop_terms(self):
        """[(label, text)] of what a buyer must know about this TAG."""
        self.ensure_one()
        money = self.currency_id.format
        labels = {
            "loan": self.env._("On loan: the TAG stays ours, its price is the fee."),
            "sale": self.env._("Sold: the TAG is yours."),
            "deposit": self.env._(
                "On deposit: the TAG stays ours; you get the guarantee back with it."
            ),
        }
        rows = [(self.env._("Terms"), labels[self.toll_terms or "loan"])]
        if self.toll_terms == "deposit" and self.toll_guarantee_amount:
            rows.append(
                (
                    self.env._("Guarantee"),
                    self.env._(
                        "%s, taken from your balance when you get the TAG.",
                        money(self.toll_guarantee_amount),
                    ),
                )
            )
        if self.toll_terms != "sale" and self.toll_replacement_fee:
            rows.append(
                (
                    self.env._("If it is lost"),
                    self.env._("%s plus tax.", money(self.toll_replacement_fee)),
                )
            )
        if self.toll_terms == "sale" and self.toll_customer_warranty_months:
            rows.append(
                (
                    self.env._("Warranty"),
                    self.env._("%s months.", self.toll_customer_warranty_months),
                )
            )
        rows.append(
            (
                self.env._("Included"),
                self.env._(
                    "The TAG with its holder, assigned to one vehicle of your account."
                ),
            )
        )
        return rows


class ProductProduct(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "product.product"

    def _toll_get_free(self, company, office=None):
        """How many of this TAG can still be promised: at an office, or for delivery."""
        self.ensure_one()
        # buyers see no stock; they are told this number
        quants = self.env["stock.quant"].sudo()
        domain = Domain("product_id", "=", self.id) & quants._toll_customer_domain(
            "office" if office else "delivery"
        )
        if office:
            shelf = office.sudo().toll_location_id
            domain &= Domain("location_id", "child_of", shelf.ids)
        else:
            domain &= Domain("location_id.usage", "=", "internal") & Domain(
                "company_id", "=", company.id
            )
        [(here, reserved)] = quants._read_group(
            domain, [], ["quantity:sum", "reserved_quantity:sum"]
        )
        return max(int((here or 0) - (reserved or 0)), 0)
