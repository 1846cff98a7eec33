from odoo import models


class TollTariff(models.Model):
    """Prices stand on the public pages as soon as they are published."""

    # pylint: disable=consider-merging-classes-inherited
    _name = "toll.tariff"
    _inherit = ["toll.tariff", "toll.public.content"]
