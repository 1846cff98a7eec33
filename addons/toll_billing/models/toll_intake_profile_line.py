from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import intake

#: Fields that make the layout
LAYOUT_FIELDS = (
    "sequence",
    "target",
    "source",
    "position",
    "width",
    "constant",
    "value_map",
)


class TollIntakeProfileLine(models.Model):
    """Where one column of the universal crossing file comes from."""

    _name = "toll.intake.profile.line"
    _description = "Intake Profile Column"
    _order = "profile_id, sequence, id"

    profile_id = fields.Many2one(
        "toll.intake.profile", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="profile_id.company_id", store=True, index=True
    )
    sequence = fields.Integer(default=10)
    target = fields.Selection(
        [(name, name) for name in intake.UNIVERSAL],
        required=True,
        string="Column",
        help="Column of the universal crossing file. Several rows with the same column "
        "are joined in their order, such as a date and a time.",
    )
    source = fields.Char(
        help="CSV: the header. JSON: the key, as in vehicle.plate. XML: the path below "
        "the record, as in vehicle/plate, or @id for an attribute."
    )
    position = fields.Integer(
        help="Fixed width: first character, from 1. CSV without header: column number."
    )
    width = fields.Integer(help="Fixed width: number of characters.")
    constant = fields.Char(help="Used instead of a received value.")
    value_map = fields.Text(
        string="Values",
        help="One pair per line: received value = our value. Others stay as they are.",
    )

    _position_positive = models.Constraint(
        "CHECK (position >= 0 AND width >= 0)",
        "Position and width must not be negative.",
    )

    # === CONSTRAINT METHODS === #
    @api.constrains("value_map")
    def _check_value_map(self):
        for line in self:
            for text in (line.value_map or "").splitlines():
                if text.strip() and "=" not in text:
                    raise ValidationError(
                        self.env._(
                            "Column %(column)s: write each value as received = ours, "
                            "not %(text)s.",
                            column=line.target,
                            text=text,
                        )
                    )

    # === BUSINESS METHODS === #
    def _column(self):
        """Return the parser's description of this column."""
        self.ensure_one()
        return intake.Column(
            target=self.target or "",
            name=self.source or "",
            position=self.position,
            width=self.width,
            constant=self.constant or "",
            values=self._values(),
        )

    def _values(self):
        pairs = (
            text.partition("=") for text in (self.value_map or "").splitlines() if text
        )
        return {received.strip(): ours.strip() for received, sep, ours in pairs if sep}

    def _describe(self):
        parts = [self.constant and f"'{self.constant}'", self.source]
        if self.position:
            parts.append(
                f"{self.position}+{self.width}" if self.width else self.position
            )
        return f"{self.target}={' '.join(filter(None, parts))}"
