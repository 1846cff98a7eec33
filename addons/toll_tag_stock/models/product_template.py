from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core.epc import GIAI96_PARTITIONS

PART_KINDS = [
    ("antenna", "Antenna"),
    ("reader", "Reader"),
    ("camera", "Camera"),
    ("barrier", "Barrier"),
    ("other", "Other"),
]
TERMS = [("loan", "Loan"), ("sale", "Sale"), ("deposit", "Deposit")]


class ProductTemplate(models.Model):
    _inherit = "product.template"

    toll_is_tag = fields.Boolean(
        string="Is a TAG",
        help="Each unit is a toll transponder: storable and tracked by unique serial "
        "number, which is the number printed on the TAG.",
    )
    toll_part_kind = fields.Selection(
        PART_KINDS,
        string="Lane Part",
        help="Each unit is a part of a lane with its own serial number: it is "
        "installed, swapped, repaired and scrapped, and its whole life is kept.",
    )
    toll_epc_scheme = fields.Selection(
        [
            ("hex_text", "The printed number as text"),
            ("giai96", "GS1 GIAI-96"),
            ("none", "None: written by the encoder"),
        ],
        string="EPC of new TAGs",
        default="hex_text",
        help="How the EPC follows from the printed number when a reception does not "
        "bring it.",
    )
    toll_company_prefix = fields.Char(
        string="GS1 Company Prefix",
        help="6 to 12 digits, used by the GIAI-96 scheme.",
    )

    toll_control_digit = fields.Selection(
        [
            ("none", "None"),
            ("luhn", "Luhn (mod 10)"),
            ("verhoeff", "Verhoeff"),
            ("mod11", "ISO 7064 mod 11-2"),
            ("mod97", "ISO 7064 mod 97-10 (two digits)"),
        ],
        string="Control Digit",
        default="none",
        help="How the printed number ends. Receptions refuse numbers whose control "
        "digit is wrong; a range counts before it.",
    )
    toll_warranty_months = fields.Integer(
        string="Supplier's Warranty (months)",
        help="How long the supplier takes defective TAGs back, from their reception.",
    )

    toll_terms = fields.Selection(
        TERMS,
        string="Terms",
        default="loan",
        help="How customers get the TAG. Loan: it stays ours. Sale: the sales price is "
        "invoiced. Deposit: it stays ours and a guarantee is taken from the wallet, "
        "given back when the TAG is returned in good state.",
    )
    toll_guarantee_amount = fields.Monetary(
        string="Guarantee", help="Taken on delivery under the terms “deposit”."
    )
    toll_replacement_fee = fields.Monetary(
        string="Fee for a Lost TAG",
        help="Invoiced, before tax, when a TAG that is ours is reported as lost or "
        "stolen.",
    )
    toll_customer_warranty_months = fields.Integer(
        string="Customer's Warranty (months)",
        help="How long a TAG that was sold is replaced free of charge.",
    )

    @api.onchange("toll_is_tag", "toll_part_kind")
    def _onchange_toll_is_tag(self):
        if self.toll_is_tag or self.toll_part_kind:
            self.update({"type": "consu", "is_storable": True, "tracking": "serial"})

    @api.constrains("toll_is_tag", "type", "is_storable", "tracking")
    def _check_toll_is_tag(self):
        for template in self.filtered("toll_is_tag"):
            if not template.is_storable or template.tracking != "serial":
                raise ValidationError(
                    self.env._(
                        "%(product)s is a TAG: it must be storable and tracked by "
                        "unique serial number.",
                        product=template.display_name,
                    )
                )

    @api.constrains("toll_part_kind", "toll_is_tag", "is_storable", "tracking")
    def _check_toll_part_kind(self):
        for template in self.filtered("toll_part_kind"):
            if template.toll_is_tag:
                raise ValidationError(
                    self.env._(
                        "%s is either a TAG or a lane part.", template.display_name
                    )
                )
            if not template.is_storable or template.tracking != "serial":
                raise ValidationError(
                    self.env._(
                        "%(product)s is a lane part: it must be storable and tracked "
                        "by unique serial number.",
                        product=template.display_name,
                    )
                )

    @api.constrains("toll_company_prefix")
    def _check_toll_company_prefix(self):
        for template in self.filtered("toll_company_prefix"):
            prefix = template.toll_company_prefix
            if not prefix.isdecimal() or len(prefix) not in GIAI96_PARTITIONS:
                raise ValidationError(
                    self.env._(
                        "%(product)s: a GS1 company prefix has 6 to 12 digits.",
                        product=template.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._toll_tag_vals(vals) for vals in vals_list])

    def write(self, vals):
        res = super().write(vals)
        if "toll_part_kind" in vals:
            # units that are there already become lane parts, where they stand
            self.env["stock.lot"].sudo()._toll_adopt_parts(self)
        return res

    @api.model
    def _toll_tag_vals(self, vals):
        """TAGs and lane parts are storable and have serials, unless told otherwise."""
        if not (vals.get("toll_is_tag") or vals.get("toll_part_kind")):
            return vals
        return {"type": "consu", "is_storable": True, "tracking": "serial", **vals}


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.model_create_multi
    def create(self, vals_list):
        template = self.env["product.template"]
        return super().create([template._toll_tag_vals(vals) for vals in vals_list])

    @api.model
    def _toll_tag_product(self, company):
        """The product that receptions take when nobody chose one."""
        return self.search(
            [("toll_is_tag", "=", True), ("company_id", "in", (False, company.id))],
            order="company_id, id",
            limit=1,
        )
