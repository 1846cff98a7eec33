"""What the public pages show: a change is there at once, in every worker."""

from odoo import api, models


class TollPublicContent(models.AbstractModel):
    """For models that public pages show; drawn pages are kept for a while."""

    _name = "toll.public.content"
    _description = "Content of Public Pages"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["website"]._toll_forget_pages()
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env["website"]._toll_forget_pages()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["website"]._toll_forget_pages()
        return result


class TollLegalPage(models.Model):
    _name = "toll.legal.page"
    _inherit = ["toll.legal.page", "toll.public.content"]


class TollOperator(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _name = "toll.operator"
    _inherit = ["toll.operator", "toll.public.content"]
