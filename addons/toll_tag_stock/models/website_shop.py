"""The shop of a site where TAGs are sold."""

from odoo import api, models
from odoo.fields import Domain
from odoo.http import request


class Website(models.Model):
    _inherit = "website"

    def _get_product_available_qty(self, product, **kwargs):
        if product.toll_is_tag:
            return product._toll_get_free(self.company_id)
        return super()._get_product_available_qty(product, **kwargs)

    def _get_allowed_steps_domain(self):
        """The step of the vehicles is for carts with TAGs."""
        domain = super()._get_allowed_steps_domain()
        cart = getattr(request, "cart", None) if request else None
        if cart and cart._toll_tag_lines():
            return domain
        return Domain.AND([domain, [("step_href", "!=", "/toll/shop")]])

    @api.model
    def _toll_set_up_shop(self):
        """The checkout step of the vehicles on every site; what is there stays."""
        steps = self.env["website.checkout.step"].sudo()
        known = steps.search([("step_href", "=", "/toll/shop")]).website_id
        generic = self.env.ref("toll_tag_stock.website_checkout_step_tags")
        langs = [code for code, _name in self.env["res.lang"].get_installed()]
        for website in self.sudo().search([("id", "not in", known.ids)]):
            step = generic.sudo().copy({"website_id": website.id, "is_published": True})
            for code in langs:
                step.with_context(lang=code).write(
                    self.with_context(lang=code)._toll_step_labels()
                )

    def _toll_step_labels(self):
        """Steps are rows of each site, out of reach of the addon's translations."""
        return {
            "name": self.env._("Vehicles"),
            "main_button_label": self.env._("Say for which vehicles"),
            "back_button_label": self.env._("Back to the vehicles"),
        }
