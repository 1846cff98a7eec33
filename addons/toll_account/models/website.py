from odoo import Command, api, models, tools
from odoo.exceptions import UserError
from odoo.fields import Domain


class Website(models.Model):
    _inherit = "website"

    @api.model
    def _toll_set_up(self):
        """Our start page and our pages in the menu of a new site.

        Called at each installation and update; what a person has changed stays.
        """
        # also those of other companies
        new_sudo = self.sudo().search([("homepage_url", "in", (False, "/"))])
        for website in new_sudo:
            website.homepage_url = "/toll"
            if website.name == "My Website":
                website.name = website.company_id.name
        for website in self.sudo().search([("homepage_url", "=", "/toll")]):
            website._toll_set_menu()

    @api.model
    def _toll_set_languages(self):
        """Spanish first and English beside it, on the sites of the current company.

        Never at an installation: the languages of a site decide its addresses.
        """
        Lang = self.env["res.lang"]
        spanish = Lang.search([("code", "=", "es_MX")]) or Lang.search(
            [("code", "=like", "es\\_%")], limit=1
        )
        if not spanish:
            raise UserError(self.env._("No Spanish is active: add it under Languages."))
        both = spanish | Lang.search([("code", "=", "en_US")])
        for website in self.search([("company_id", "=", self.env.company.id)]):
            website.write(
                {
                    "language_ids": [Command.link(lang.id) for lang in both],
                    "default_lang_id": spanish.id,
                }
            )

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
            for code, _name in self.env["res.lang"].get_installed():
                menu.with_context(lang=code).name = self._toll_menu_label(url, code)

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
