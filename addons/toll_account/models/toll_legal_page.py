from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

FROZEN = ("code", "version", "valid_from", "body", "name")


class TollLegalPage(models.Model):
    """A text that the public may read and customers agree to; versions stay."""

    _name = "toll.legal.page"
    _description = "Legal Page"
    _order = "sequence, code, valid_from desc, id desc"

    code = fields.Char(
        required=True, help="Part of the page's address: /toll/legal/<code>."
    )
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    version = fields.Char(required=True, default="1", copy=False)
    valid_from = fields.Date(
        string="In Force from", required=True, default=fields.Date.context_today
    )
    body = fields.Html(required=True, translate=True, sanitize=True)
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published"), ("retired", "Retired")],
        required=True,
        default="draft",
        copy=False,
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all companies."
    )

    _version_uniq = models.Constraint(
        "UNIQUE NULLS NOT DISTINCT (code, version, company_id)",
        "This version of the page exists already.",
    )
    _code_form = models.Constraint(
        "CHECK (code ~ '^[a-z][a-z0-9-]*$')",
        "The code has small letters, digits and hyphens only.",
    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for page in self:
            page.display_name = f"{page.name} ({page.version})"

    @api.model
    def _published_domain(self, company):
        today = fields.Date.context_today(self)
        return (
            Domain("state", "=", "published")
            & Domain("valid_from", "<=", today)
            & Domain("company_id", "in", [company.id, False])
        )

    @api.model
    def _get_current(self, company, code=None):
        """The versions in force, one per code; of a company before the common one."""
        domain = self._published_domain(company)
        if code is not None:
            domain &= Domain("code", "=", code)
        # Published pages are for everybody.
        pages_sudo = self.sudo().search(domain, order="sequence, code")
        current = {}
        for page in pages_sudo.sorted(
            lambda p: (bool(p.company_id), p.valid_from, p.id)
        ):
            current[page.code] = page
        return self.browse(page.id for page in pages_sudo if current[page.code] == page)

    def write(self, vals):
        lang = self.env.context.get("lang")
        for page in self.filtered(lambda p: p.state != "draft"):
            changed = [
                name
                for name in FROZEN
                if name in vals
                # another language of the same text may still be added
                and not (
                    self._fields[name].translate and lang not in (None, False, "en_US")
                )
            ]
            if changed and not self.env.context.get("install_mode"):
                raise UserError(
                    self.env._(
                        "“%(name)s” is published: people have agreed to this text. "
                        "Make a new version.",
                        name=page.display_name,
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if self.filtered(lambda page: page.state != "draft"):
            raise UserError(
                self.env._("A published text stays on record: retire it instead.")
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for page, vals in zip(self, vals_list, strict=True):
            if "version" not in (default or {}):
                vals["version"] = self._next_version(page)
        return vals_list

    def _next_version(self, page):
        versions = self.search(
            [("code", "=", page.code), ("company_id", "=", page.company_id.id)]
        ).mapped("version")
        numbers = [int(v) for v in versions if v.isdecimal()]
        return str(max(numbers, default=0) + 1)

    def action_publish(self):
        self.check_access("write")
        return self.write({"state": "published"})

    def action_retire(self):
        self.check_access("write")
        return self.write({"state": "retired"})

    def action_new_version(self):
        self.ensure_one()
        self.check_access("create")
        return self.copy()._get_records_action()
