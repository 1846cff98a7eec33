from odoo import api, fields, models
from odoo.exceptions import ValidationError

PUBLIC_FIELDS = (
    "toll_public_order",
    "toll_public_accounting",
    "toll_public_managing",
    "toll_public_processing",
)


class ResPartner(models.Model):
    """What public bodies need on the invoices that they get."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "res.partner"

    toll_is_public_body = fields.Boolean(
        string="Public Body",
        help="Its invoices name the order and the offices that handle them.",
    )
    toll_public_order = fields.Char(
        string="Order or Contract", help="Number under which it has ordered."
    )
    toll_public_accounting = fields.Char(
        string="Accounting Office",
        help="Code of the office that books the invoice (in Spain: DIR3).",
    )
    toll_public_managing = fields.Char(
        string="Managing Body",
        help="Code of the body that receives the invoice (in Spain: DIR3).",
    )
    toll_public_processing = fields.Char(
        string="Processing Unit",
        help="Code of the unit that handles the invoice (in Spain: DIR3).",
    )

    @api.constrains("toll_is_public_body", *PUBLIC_FIELDS)
    def _check_public_body(self):
        for partner in self.filtered("toll_is_public_body"):
            missing = [name for name in PUBLIC_FIELDS if not partner[name]]
            if missing:
                labels = partner.fields_get(missing, ["string"])
                raise ValidationError(
                    self.env._(
                        "%(partner)s is a public body: its invoices also need "
                        "%(missing)s.",
                        partner=partner.display_name,
                        missing=", ".join(labels[name]["string"] for name in missing),
                    )
                )

    @api.model
    def _commercial_fields(self):
        return [*super()._commercial_fields(), "toll_is_public_body", *PUBLIC_FIELDS]
