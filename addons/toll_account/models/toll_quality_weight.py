from odoo import fields, models

PARTS = [
    ("email", "E-mail"),
    ("phone", "Telephone"),
    ("vat", "Tax ID"),
    ("street", "Street"),
    ("zip", "Postcode"),
    ("city", "City"),
    ("country", "Country"),
    ("lang", "Language"),
    ("vehicle", "A vehicle"),
    ("verified", "Verified once"),
]


class TollQualityWeight(models.Model):
    _name = "toll.quality.weight"
    _description = "Weight in the Completeness"
    _order = "weight desc, id"
    _rec_name = "part"

    part = fields.Selection(PARTS, required=True)
    weight = fields.Integer(required=True, default=10)
    active = fields.Boolean(default=True)

    _part_uniq = models.Constraint("UNIQUE (part)", "This part has a weight already.")
    _weight_positive = models.Constraint(
        "CHECK (weight >= 0)", "A weight cannot be negative."
    )
