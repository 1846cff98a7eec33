from odoo import models


class AccountChartTemplate(models.AbstractModel):
    _inherit = "account.chart.template"

    def _post_load_data(self, template_code, company, template_data):
        """A company that has customers already gets what their money needs."""
        result = super()._post_load_data(template_code, company, template_data)
        company = company or self.env.company
        # whoever loads a chart need not see the customers
        accounts_sudo = self.env["toll.account"].sudo()
        if accounts_sudo.search_count([("company_id", "=", company.id)], limit=1):
            company.sudo()._toll_set_up()
        return result
