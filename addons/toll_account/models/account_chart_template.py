from odoo import models


class AccountChartTemplate(models.AbstractModel):
    _inherit = "account.chart.template"

    def _post_load_data(self, template_code, company, template_data):
        """A company that gets its chart gets its deposit account with it."""
        result = super()._post_load_data(template_code, company, template_data)
        (company or self.env.company).sudo()._toll_set_up()
        return result
