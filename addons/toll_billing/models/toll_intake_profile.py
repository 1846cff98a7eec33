import base64
import io

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import intake
from .toll_intake_profile_line import LAYOUT_FIELDS

DELIMITERS = {"auto": "", "comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t"}
#: Staged columns that the test shows
SHOWN = (
    "line",
    "operator",
    "ref",
    "occurred_at",
    "plaza",
    "lane",
    "tag",
    "plate",
    "class_code",
    "entry_plaza",
    "service",
    "amount",
    "fault",
    "detail",
)
PREVIEW_ROWS = 20
#: Fields that make the layout
LAYOUT = (
    "kind",
    "delimiter",
    "encoding",
    "has_header",
    "date_format",
    "decimal_mark",
    "implied_decimals",
    "null_fill",
    "record_tag",
    *(f"line_ids.{name}" for name in LAYOUT_FIELDS),
)


class TollIntakeProfile(models.Model):
    """The layout of an operator's crossing files, as rows of configuration.

    A profile maps a file's own columns to those of the universal crossing file. The
    parser in ``core.intake`` does the work; this model only describes.
    """

    _name = "toll.intake.profile"
    _description = "Intake Profile"
    _inherit = ["mail.thread"]
    _order = "code"
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    code = fields.Char(
        required=True,
        copy=False,
        tracking=True,
        help="Short name for the command line and the API.",
    )
    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all companies."
    )
    operator_id = fields.Many2one(
        "toll.operator",
        check_company=True,
        help="Whose files have this layout. The test uses its plazas' time zones.",
    )
    kind = fields.Selection(
        [
            ("csv", "CSV"),
            ("fixed", "Fixed width"),
            ("jsonl", "JSON lines"),
            ("xml", "XML"),
        ],
        required=True,
        default="csv",
        tracking=True,
    )
    delimiter = fields.Selection(
        [
            ("auto", "Found out from the header"),
            ("comma", "Comma"),
            ("semicolon", "Semicolon"),
            ("pipe", "Pipe"),
            ("tab", "Tab"),
        ],
        required=True,
        default="auto",
        tracking=True,
    )
    encoding = fields.Selection(
        [
            ("utf-8", "UTF-8"),
            ("ascii", "ASCII"),
            ("iso-8859-1", "ISO 8859-1 (Latin 1)"),
            ("iso-8859-15", "ISO 8859-15 (Latin 9)"),
            ("cp1252", "Windows 1252"),
            ("cp850", "DOS 850"),
        ],
        required=True,
        default="utf-8",
        tracking=True,
        help="XML files name their encoding themselves.",
    )
    has_header = fields.Boolean(
        string="First line is a header",
        default=True,
        tracking=True,
        help="In a CSV file the header names the columns. In a fixed-width or JSON "
        "lines file the first line is then skipped.",
    )
    date_format = fields.Char(
        tracking=True,
        help="Empty: ISO 8601. Else as %d/%m/%Y %H:%M:%S, or epoch (seconds), or "
        "epoch_ms (milliseconds). A time without offset is in the plaza's time zone.",
    )
    decimal_mark = fields.Selection(
        [(".", "Point"), (",", "Comma")], required=True, default=".", tracking=True
    )
    implied_decimals = fields.Integer(
        tracking=True,
        help="Decimals of an amount that is sent without decimal mark: with 2, "
        "12345 means 123.45.",
    )
    null_fill = fields.Char(
        string="Filler",
        size=1,
        tracking=True,
        help="A value that consists only of this character is empty, as in *****.",
    )
    record_tag = fields.Char(
        string="Record element",
        tracking=True,
        help="Name of the XML element that holds one crossing, without namespace.",
    )
    note = fields.Html()
    line_ids = fields.One2many(
        "toll.intake.profile.line", "profile_id", string="Columns", copy=True
    )
    problem = fields.Char(compute="_compute_problem")
    sample = fields.Binary(
        copy=False, help="A file of this kind, to see what the profile makes of it."
    )
    sample_name = fields.Char(copy=False)
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another intake profile has this code already."
    )
    _implied_decimals_range = models.Constraint(
        "CHECK (implied_decimals BETWEEN 0 AND 6)",
        "Implied decimals must be between 0 and 6.",
    )

    # === COMPUTE METHODS === #
    @api.depends(*LAYOUT)
    def _compute_problem(self):
        for profile in self:
            try:
                profile._layout().check()
            except intake.IntakeError as error:
                profile.problem = error.message
            else:
                profile.problem = False

    @api.depends("sample", "operator_id", *LAYOUT)
    def _compute_preview(self):
        for profile in self:
            # The web client asks for the size of binaries only
            content = profile.with_context(bin_size=False).sample
            profile.preview = content and profile._preview_html(
                base64.b64decode(content)
            )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for profile in self:
            profile.display_name = f"[{profile.code}] {profile.name}"

    # === CRUD METHODS === #
    def write(self, vals):
        """Note changes of the columns in the chatter, as those of the fields are."""
        if "line_ids" not in vals:
            return super().write(vals)
        before = {profile: profile._describe_columns() for profile in self}
        result = super().write(vals)
        for profile, old in before.items():
            new = profile._describe_columns()
            if new != old:
                profile._message_log(
                    body=profile.env._(
                        "Columns changed from %(old)s to %(new)s", old=old, new=new
                    )
                )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env["toll.crossing.batch"].search(
            [("profile_id", "in", self.ids)], limit=1
        )
        if used:
            raise UserError(
                self.env._(
                    "Files were loaded by the profile %(profile)s. Archive it instead.",
                    profile=used.profile_id.display_name,
                )
            )

    def copy_data(self, default=None):
        """Give the copy a code of its own."""
        vals_list = super().copy_data(default)
        for profile, vals in zip(self, vals_list, strict=True):
            vals.setdefault("code", self.env._("%(code)s-copy", code=profile.code))
        return vals_list

    # === ACTIONS === #
    def action_test(self):
        """Parse the beginning of the sample; the preview shows the outcome."""
        self.ensure_one()
        if not self.sample:
            raise UserError(self.env._("Upload a sample file first."))
        content = base64.b64decode(self.with_context(bin_size=False).sample)
        try:
            rows = self._preview_rows(content)
        except intake.IntakeError as error:
            outcome, kind = error.message, "danger"
        else:
            faults = sum(1 for row in rows if row["fault"])
            kind = "warning" if faults or not rows else "success"
            outcome = self.env._(
                "%(rows)s rows read, %(faults)s of them with a fault.",
                rows=len(rows),
                faults=faults,
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._(
                    "Test of %(name)s", name=self.sample_name or self.name
                ),
                "message": outcome,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #
    def _layout(self):
        """Return what the parser needs; the parser checks it when it is used."""
        self.ensure_one()
        return intake.Layout(
            kind=self.kind or "csv",
            delimiter=DELIMITERS.get(self.delimiter, ""),
            encoding=self.encoding or "utf-8",
            has_header=self.has_header,
            columns=tuple(line._column() for line in self.line_ids),
            date_format=self.date_format or "",
            decimal_mark=self.decimal_mark or ".",
            implied_decimals=self.implied_decimals,
            null_fill=self.null_fill or "",
            record_tag=self.record_tag or "",
        )

    def _preview_context(self):
        """Return the Context of the test: the operator's zones where there is one."""
        operator = self.operator_id
        return intake.Context(
            operator_code=operator.code or "",
            zones={plaza.code: plaza.tz for plaza in operator.plaza_ids},
            default_zone=operator.tz or self.env.user.tz or "UTC",
            now=fields.Datetime.now(),
        )

    def _preview_rows(self, content):
        """Return the first staged rows of a file, as dicts."""
        with intake.open_source(io.BytesIO(content)) as stream:
            return intake.preview(
                stream, self._layout(), self._preview_context(), PREVIEW_ROWS
            )

    def _preview_html(self, content):
        try:
            rows = self._preview_rows(content)
        except intake.IntakeError as error:
            where = ""
            if error.line:
                where = self.env._("Line %(line)s: ", line=error.line)
            return Markup('<div class="alert alert-danger" role="alert">%s%s</div>') % (
                where,
                error.message,
            )
        cell, header = Markup("<td>%s</td>"), Markup("<th>%s</th>")
        body = Markup().join(
            Markup('<tr class="%s">%s</tr>')
            % (
                "table-danger" if row["fault"] else "",
                Markup().join(cell % (row[name] or "") for name in SHOWN),
            )
            for row in rows
        )
        return Markup(
            '<div class="table-responsive"><table class="table table-sm">'
            "<thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
        ) % (Markup().join(header % name for name in SHOWN), body)

    def _describe_columns(self):
        return ", ".join(line._describe() for line in self.line_ids) or "-"
