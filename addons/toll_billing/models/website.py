from odoo import models


class Website(models.Model):
    _inherit = "website"

    def _toll_get_menu(self):
        return [(20, "/toll/tariffs"), *super()._toll_get_menu()]
