from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.toll_tag_stock.core.epc import make_epc
from odoo.addons.toll_tag_stock.core.errors import TagDataError
from odoo.addons.toll_tag_stock.models.tag_messages import message


class ProductTemplate(models.Model):
    _inherit = "product.template"

    toll_encoding_scheme = fields.Selection(
        [
            ("giai96", "GS1 GIAI-96"),
            ("hex_text", "The printed number as text"),
        ],
        string="EPC Written by the Encoder",
        default="giai96",
        help="What the encoder writes into TAGs that come without an EPC.",
    )
    toll_encoding_policy_id = fields.Many2one(
        "toll.encoding.policy",
        string="Encoding Policy",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Passwords and locks that the encoder writes. Empty: none.",
    )


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _toll_make_epc(self, number):
        """The EPC to write into the TAG with this printed number."""
        self.ensure_one()
        scheme = self.toll_epc_scheme
        if scheme not in ("hex_text", "giai96"):
            scheme = self.toll_encoding_scheme or "giai96"
        try:
            return make_epc(scheme, number, self.toll_company_prefix)
        except TagDataError as error:
            raise UserError(
                self.env._(
                    "%(product)s, TAG %(tag)s: %(message)s",
                    product=self.display_name,
                    tag=number,
                    message=message(self.env, error.code, error.params),
                )
            ) from None
