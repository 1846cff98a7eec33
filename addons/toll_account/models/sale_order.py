from odoo import api, fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    toll_account_id = fields.Many2one(
        "toll.account",
        index="btree_not_null",
        copy=False,
        ondelete="set null",
        check_company=True,
        help="The toll account that the kits of this order are for.",
    )

    def action_toll_open_account(self):
        """The account, or the form of a new one with what the order knows."""
        self.ensure_one()
        if self.toll_account_id:
            return self.toll_account_id._get_records_action()
        return self.partner_id._toll_action_new_account(self, toll_order_id=self.id)

    @api.model
    def _toll_quote(self, template, vals):
        """A draft quotation with the lines of a template, opened.

        Made here, because the form applies templates only for people who see them.
        """
        template = self.env.ref(template, raise_if_not_found=False)
        order = self.create(
            {**vals, "sale_order_template_id": template.id if template else False}
        )
        order._onchange_sale_order_template_id()
        return order._get_records_action()
