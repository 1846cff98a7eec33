from odoo import api, models, tools
from odoo.fields import Domain


class Website(models.Model):
    _inherit = "website"

    @api.model
    def _toll_set_up(self):
        """Spanish first, English beside it, and our pages in the menu of a new site.

        Called at each installation and update; what a person has changed stays.
        """
        # also those of other companies
        new_sudo = self.sudo().search([("homepage_url", "in", (False, "/"))])
        langs = self.env["res.lang"].sudo().search([("active", "=", True)])
        spanish = langs.filtered(lambda lang: lang.code == "es_MX")
        spanish = spanish or langs.filtered(lambda lang: lang.code.startswith("es"))[:1]
        english = langs.filtered(lambda lang: lang.code == "en_US")
        for website in new_sudo:
            website.language_ids |= spanish | english
            if spanish:
                website.default_lang_id = spanish
            website.homepage_url = "/toll"
            if website.name == "My Website":
                website.name = website.company_id.name
        for website in self.sudo().search([("homepage_url", "=", "/toll")]):
            website._toll_set_menu()

    @tools.ormcache("key", cache="templates.cached_values")
    def _toll_get_kept(self, key, make):
        """Keep what was made with Odoo's own drawn pages, and forget it with them."""
        return make()

    @api.model
    def _toll_forget_pages(self):
        """What the public pages show has changed: all workers draw them anew."""
        self.env.registry.clear_cache("templates")

    def _toll_get_menu(self):
        """[(sequence, address)]; other addons add their pages."""
        return [(30, "/toll/topup"), (40, "/toll/legal"), (50, "/my/toll")]

    def _toll_set_menu(self):
        """Add the pages that the menu has never had."""
        self.ensure_one()
        menus = self.env["website.menu"].sudo()
        known = menus.search(Domain("website_id", "=", self.id))
        urls = set(known.mapped("url"))
        if "/my/toll" not in urls:
            known.filtered(lambda menu: menu.url == "/contactus").unlink()
        for sequence, url in self._toll_get_menu():
            if url in urls:
                continue
            menu = menus.with_context(lang="en_US").create(
                {
                    "name": self._toll_menu_label(url, "en_US"),
                    "url": url,
                    "sequence": sequence,
                    "parent_id": self.menu_id.id,
                    "website_id": self.id,
                }
            )
            for lang in self.language_ids.filtered(lambda x: x.code != "en_US"):
                menu.with_context(lang=lang.code).name = self._toll_menu_label(
                    url, lang.code
                )

    def _toll_menu_label(self, url, lang):
        """Menus are rows of each site, out of reach of the addon's translations."""
        return self.with_context(lang=lang)._toll_menu_labels()[url]

    def _toll_menu_labels(self):
        return {
            "/toll/topup": self.env._("Quick top-up"),
            "/toll/tariffs": self.env._("Tariffs"),
            "/toll/legal": self.env._("Legal notices"),
            "/my/toll": self.env._("My account"),
        }
