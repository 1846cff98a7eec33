import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import opening
from ..models.tag_messages import line_messages

SHOWN = 50
TEMPLATE = (
    "name,payment_mode,plate,class,tag,epc,opening_balance,email,phone,vat,lang,group\n"
    "Ana Torres,prepaid,ABC-123-D,AUTO,IMDM30992039,,250.00,ana@example.com,,,,\n"
    "Transportes Norte,postpaid,77-AB-1C,C2,IMDM30992040,,0,,,,,NORTE\n"
    "Transportes Norte,postpaid,78-AB-1C,C5,IMDM30992041,,0,,,,,NORTE\n"
)


class TollOpeningWizard(models.TransientModel):
    """The opening load from a CSV file: check first, then load everything at once."""

    _name = "toll.opening.wizard"
    _description = "Opening Load from a File"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary(string="CSV File")
    filename = fields.Char()
    date = fields.Datetime(
        string="Since", help="From when the vehicles and TAGs count. Empty: now."
    )
    template_file = fields.Binary(compute="_compute_template_file")
    template_name = fields.Char(compute="_compute_template_file")
    row_count = fields.Integer(string="Lines", readonly=True)
    is_checked = fields.Boolean(readonly=True)
    problems = fields.Text(readonly=True)

    def _compute_template_file(self):
        for wizard in self:
            wizard.template_file = base64.b64encode(TEMPLATE.encode())
            wizard.template_name = "opening_load.csv"

    @api.onchange("file", "company_id")
    def _onchange_file(self):
        self.update({"is_checked": False, "problems": False, "row_count": 0})

    def action_example(self):
        """A file with the columns and three lines."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/template_file/"
            f"{self.template_name}?download=true",
            "target": "download",
        }

    def _read(self):
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        try:
            text = base64.b64decode(self.file or b"").decode("utf-8-sig")
        except UnicodeDecodeError:
            return [], [self.env._("The file is not UTF-8 text: save it as CSV UTF-8.")]
        rows, errors = opening.parse_csv(text)
        return rows, line_messages(self.env, errors)

    def action_check(self):
        """Say what is wrong with the file, line by line; nothing is written."""
        self.ensure_one()
        rows, problems = self._read()
        problems += self.env["toll.opening.load"]._check(rows, self.company_id)
        if not rows and not problems:
            problems = [self.env._("The file has no lines.")]
        if len(problems) > SHOWN:
            more = self.env._("… and %s more", len(problems) - SHOWN)
            problems = [*problems[:SHOWN], more]
        self.write(
            {
                "row_count": len(rows),
                "is_checked": True,
                "problems": "\n".join(problems) or False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Opening Load"),
        }

    def action_load(self):
        self.ensure_one()
        rows, problems = self._read()
        if problems:
            raise UserError("\n".join(problems[:SHOWN]))
        ids = self.env["toll.opening.load"]._load(rows, self.company_id, self.date)
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.account",
            "view_mode": "list,form",
            "domain": [("id", "in", sorted(set(ids["account_ids"])))],
            "name": self.env._("Loaded Accounts"),
        }
