from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import parallel


class TollParallelLayout(models.Model):
    """How the results of the other billing system look, as its columns are called."""

    _name = "toll.parallel.layout"
    _description = "Layout of a Parallel Run"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all companies."
    )
    kind = fields.Selection(
        [
            ("crossing", "Each crossing"),
            ("account", "Total and balance of each account"),
        ],
        required=True,
        default="crossing",
    )
    delimiter = fields.Selection(
        [(",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Bar")],
        required=True,
        default=",",
        help="Of text files; workbooks need none.",
    )
    decimal = fields.Selection(
        [(".", "Point"), (",", "Comma")], required=True, default="."
    )
    encoding = fields.Selection(
        [("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("iso-8859-1", "ISO 8859-1")],
        required=True,
        default="utf-8",
    )
    day_format = fields.Char(
        string="Form of Days",
        required=True,
        default="%Y-%m-%d",
        help="%d day, %m month, %Y year, for example %d/%m/%Y.",
    )
    account_by = fields.Selection(
        [("number", "Number of our account"), ("ref", "Reference of the customer")],
        required=True,
        default="number",
        help="What their account is here: our number, or the customer's reference, "
        "where it keeps the number of the system before.",
    )
    is_debt_positive = fields.Boolean(
        string="Debts Are Positive", help="Their balances have the other sign."
    )
    column_operator = fields.Char(
        help="Code of the operator. Empty: the run has one operator."
    )
    column_ref = fields.Char(help="Reference of the crossing, as the operator gave it.")
    column_day = fields.Char(help="Day of the crossing, where the file has it.")
    column_account = fields.Char(help="Account that was charged.")
    column_amount = fields.Char(
        help="What was charged, tax included; per account: in the period."
    )
    column_balance = fields.Char(help="Balance at the end of the period.")
    active = fields.Boolean(default=True)

    @api.constrains(
        "kind", "column_ref", "column_account", "column_amount", "column_balance"
    )
    def _check_columns(self):
        for layout in self:
            if layout.kind == "crossing":
                complete = layout.column_ref and layout.column_amount
            else:
                complete = layout.column_account and (
                    layout.column_amount or layout.column_balance
                )
            if not complete:
                raise ValidationError(
                    self.env._(
                        "Name the columns to compare: reference and amount of each "
                        "crossing, or account with total or balance."
                    )
                )

    def _get_layout(self):
        self.ensure_one()
        names = (
            ("operator", "ref", "day", "account", "amount")
            if self.kind == "crossing"
            else ("account", "amount", "balance")
        )
        return parallel.Layout(
            columns={
                name: self[f"column_{name}"] for name in names if self[f"column_{name}"]
            },
            delimiter=self.delimiter,
            decimal=self.decimal,
            encoding=self.encoding,
            day_format=self.day_format,
            optional=frozenset({"operator", "day"}),
            required=frozenset({"ref" if self.kind == "crossing" else "account"}),
        )
