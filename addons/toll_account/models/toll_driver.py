from odoo import api, fields, models


class TollDriver(models.Model):
    _name = "toll.driver"
    _description = "Driver of a Fleet"
    _order = "account_id, name"
    _rec_names_search = ["name", "licence"]

    account_id = fields.Many2one(
        "toll.account", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    name = fields.Char(required=True)
    licence = fields.Char()
    licence_until = fields.Date(string="Licence Valid until")
    is_licence_expired = fields.Boolean(
        compute="_compute_is_licence_expired", search="_search_is_licence_expired"
    )
    phone = fields.Char()
    email = fields.Char()
    vehicle_ids = fields.One2many("toll.vehicle", "driver_id", string="Vehicles")
    active = fields.Boolean(default=True)

    _licence_uniq = models.Constraint(
        "UNIQUE (account_id, licence)", "The account has this licence already."
    )

    @api.depends("licence_until")
    def _compute_is_licence_expired(self):
        today = fields.Date.context_today(self)
        for driver in self:
            until = driver.licence_until
            driver.is_licence_expired = bool(until and until < today)

    def _search_is_licence_expired(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        expired = [("licence_until", "<", today)]
        valid = ["|", ("licence_until", "=", False), ("licence_until", ">=", today)]
        if True in value and False in value:
            return []
        return expired if True in value else valid

    def _erase_words(self):
        """In superuser mode: the person goes, the vehicle's history stays."""
        for driver in self:
            driver.write(
                {
                    "name": self.env._("Erased driver %(id)s", id=driver.id),
                    "licence": False,
                    "licence_until": False,
                    "phone": False,
                    "email": False,
                }
            )
