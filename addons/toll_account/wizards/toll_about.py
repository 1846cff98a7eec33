from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import file_open


class TollAbout(models.TransientModel):
    _name = "toll.about"
    _description = "About the Toll Suite"

    content = fields.Html(compute="_compute_content", sanitize=False)

    @api.depends_context("lang")
    def _compute_content(self):
        for wizard in self:
            wizard.content = wizard._render_modules()

    def _render_modules(self):
        """One block per installed addon: its version and what has changed."""
        modules = (
            self.env["ir.module.module"]
            .sudo()
            .search([("name", "=like", "toll\\_%"), ("state", "=", "installed")])
        )
        blocks = []
        for module in modules.sorted("sequence"):
            blocks.append(
                Markup("<h3>%s <small class='text-muted'>%s</small></h3><p>%s</p>%s")
                % (
                    module.shortdesc,
                    module.installed_version,
                    module.summary or "",
                    self._render_history(module.name),
                )
            )
        return Markup("").join(blocks)

    @api.model
    def _render_history(self, name):
        """The changelog that the addon carries, headings in bold."""
        try:
            with file_open(f"{name}/readme/HISTORY.md") as history:
                lines = history.read().splitlines()
        except FileNotFoundError:
            return ""
        rows = []
        for line in filter(None, map(str.strip, lines)):
            if line.startswith("#"):
                rows.append(Markup("<b>%s</b><br/>") % line.lstrip("# "))
            else:
                rows.append(Markup("%s<br/>") % line.replace("- ", "• ", 1))
        return Markup("<p>%s</p>") % Markup("").join(rows)
