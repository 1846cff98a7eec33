from odoo import fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

    toll_defective_location_id = fields.Many2one(
        "stock.location",
        string="Defective TAGs",
        check_company=True,
        help="Where TAGs go that an encoder could not write.",
    )

    def _toll_defective_location(self):
        """Beside the stock, not in it: what lies there is not available."""
        self.ensure_one()
        # configuration made on first need by people who do not run the warehouse
        company_sudo = self.sudo()
        if not company_sudo.toll_defective_location_id:
            warehouse = self.env["stock.warehouse"].sudo()
            warehouse = warehouse.search([("company_id", "=", self.id)], limit=1)
            if not warehouse:
                raise UserError(
                    self.env._("Company %s has no warehouse.", self.display_name)
                )
            company_sudo.toll_defective_location_id = company_sudo.env[
                "stock.location"
            ].create(
                {
                    "name": self.env._("Defective TAGs"),
                    "location_id": warehouse.view_location_id.id,
                    "usage": "internal",
                    "toll_place_kind": "workshop",
                    "company_id": self.id,
                }
            )
        return self.env["stock.location"].browse(
            company_sudo.toll_defective_location_id.id
        )
