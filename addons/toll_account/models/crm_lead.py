from odoo import fields, models
from odoo.exceptions import UserError


class CrmLead(models.Model):
    _inherit = "crm.lead"

    toll_account_id = fields.Many2one(
        "toll.account",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
    )

    def action_toll_open_account(self):
        """The account, or the form of a new one with what the lead knows."""
        self.ensure_one()
        if self.toll_account_id:
            return self.toll_account_id._get_records_action()
        if not self.partner_id:
            raise UserError(self.env._("Write down the customer of the lead first."))
        return self.partner_id._toll_action_new_account(self, toll_lead_id=self.id)

    def action_toll_kit_quotation(self):
        """A quotation with the kits of the template."""
        self.ensure_one()
        template = self.env.ref(
            "toll_account.sale_order_template_tag_kit", raise_if_not_found=False
        )
        lead = self
        if template:
            lead = self.with_context(default_sale_order_template_id=template.id)
        action = lead.action_sale_quotations_new()
        context = action.get("context") or {}
        if template and isinstance(context, dict):
            context = {**context, "default_sale_order_template_id": template.id}
        return dict(action, context=context)

    def action_toll_works_quotation(self):
        """A quotation with the works of the template, as for a lane of a company."""
        self.ensure_one()
        if not self.partner_id:
            raise UserError(self.env._("Write down the customer of the lead first."))
        return self.env["sale.order"]._toll_quote(
            "toll_account.sale_order_template_works",
            {
                "partner_id": self.partner_id.id,
                "opportunity_id": self.id,
                "toll_account_id": self.toll_account_id.id,
                **({"company_id": self.company_id.id} if self.company_id else {}),
            },
        )
