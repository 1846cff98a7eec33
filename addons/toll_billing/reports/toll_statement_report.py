from odoo import api, models


class ReportStatement(models.AbstractModel):
    """The statement's report; the preview of a message names both itself."""

    _name = "report.toll_billing.report_toll_statement"
    _description = "Statement Report"

    @api.model
    def _get_report_values(self, docids, data=None):
        data = data or {}
        message = int(data.get("message") or 0)
        statements = self.env["toll.statement"]
        if message and self.env["toll.statement.message"].has_access("read"):
            statements = statements.with_context(toll_preview_message=message)
        docids = docids or data.get("docids") or []
        return {
            "doc_ids": docids,
            "doc_model": "toll.statement",
            "docs": statements.browse(docids),
        }
