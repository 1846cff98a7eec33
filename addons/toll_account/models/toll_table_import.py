import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.translate import LazyTranslate

from ..core import table_file

_lt = LazyTranslate(__name__)

SHOWN = 50
MESSAGES = {
    "too_big": _lt("The file is larger than %(value)s MB: split it."),
    "too_big_inside": _lt("The workbook is too large: save the lines as CSV."),
    "not_utf8": _lt("The file is not UTF-8 text: save it as CSV UTF-8."),
    "not_a_table": _lt("The file is neither a CSV nor an XLSX table."),
    "unknown_column": _lt("Unknown column: %(value)s"),
    "missing_column": _lt("Column “%(value)s” is missing"),
    "missing_value": _lt("“%(value)s” is empty"),
    "too_many_lines": _lt("More than %(value)s lines: split the file"),
    "repeated_plate": _lt("Plate %(value)s stands in the file twice"),
    "bad_plate": _lt("“%(value)s” is not a plate"),
    "plate_exists": _lt("Plate %(value)s already belongs to an account"),
    "unknown_class": _lt("There is no vehicle class “%(value)s”"),
    "unknown_country": _lt("There is no country with the code “%(value)s”"),
    "unknown_cost_centre": _lt("The account has no cost centre “%(value)s”"),
    "unknown_driver": _lt("The account has no driver “%(value)s”"),
    "bad_date": _lt("“%(value)s” is not a date: write it as 2026-12-31"),
    "bad_year": _lt("“%(value)s” is not a year"),
}


class TollTableImport(models.AbstractModel):
    """A file of lines: check first, then load all of them or none."""

    _name = "toll.table.import"
    _description = "Import of a Table"

    file = fields.Binary(string="CSV or XLSX File", attachment=False)
    filename = fields.Char()
    row_count = fields.Integer(string="Lines", readonly=True)
    is_checked = fields.Boolean(readonly=True)
    problems = fields.Text(readonly=True)
    template_file = fields.Binary(compute="_compute_template_file")

    _table_columns = ()
    _table_required = ()
    _template = ""

    def _compute_template_file(self):
        for wizard in self:
            wizard.template_file = base64.b64encode(self._template.encode())

    @api.onchange("file")
    def _onchange_file(self):
        self.update({"is_checked": False, "problems": False, "row_count": 0})

    def action_example(self):
        """A file with the columns and a few lines."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/template_file/"
            "example.csv?download=true",
            "target": "download",
        }

    def _sentences(self, errors):
        """One sentence per refused line, in the order of the lines."""
        sentences = []
        for line, code, value in sorted(errors, key=lambda error: error[0]):
            sentence = self.env._(MESSAGES[code])
            text = sentence % {"value": value}
            if line:
                text = self.env._("Line %(line)s: %(message)s", line=line, message=text)
            sentences.append(text)
        if len(sentences) > SHOWN:
            more = self.env._("… and %s more", len(sentences) - SHOWN)
            sentences = [*sentences[:SHOWN], more]
        return sentences

    def _read(self):
        """(rows, errors) of the file, checked alone and against the database."""
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        rows, errors = table_file.read_table(
            base64.b64decode(self.file),
            self.filename,
            self._table_columns,
            self._table_required,
        )
        errors = errors + self._resolve(rows)
        if not rows and not errors:
            raise UserError(self.env._("The file has no lines."))
        return rows, errors

    def _resolve(self, rows):
        """Put ids into the rows; answer (line, code, value) per problem."""
        return []

    def _load(self, rows):
        """Write the rows, and answer what to open then."""
        raise NotImplementedError

    def action_check(self):
        """Say what is wrong, line by line; nothing is written."""
        self.ensure_one()
        rows, errors = self._read()
        self.write(
            {
                "row_count": len(rows),
                "is_checked": True,
                "problems": "\n".join(self._sentences(errors)) or False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Import a Table"),
        }

    def action_load(self):
        self.ensure_one()
        rows, errors = self._read()
        if errors:
            raise UserError("\n".join(self._sentences(errors)))
        return self._load(rows)

    # Shared lookups

    def _find_classes(self):
        classes = self.env["toll.vehicle.class"].search([("code", "!=", False)])
        return {record.code.upper(): record.id for record in classes}

    def _find_countries(self):
        countries = self.env["res.country"].search([("code", "!=", False)])
        return {record.code: record.id for record in countries}
