from odoo import fields, models
from odoo.modules.db import FunctionStatus

# What the completeness of an account looks at.
SCORED = {"email", "phone", "vat", "street", "zip", "city", "country_id", "lang"}


def _parts_of(column):
    """Index that finds any part of a text as ``ilike`` compares it.

    Where accents cannot be indexed (``unaccent`` may change), the search stays right
    and reads the table.
    """

    def definition(registry):
        if registry.has_unaccent == FunctionStatus.PRESENT:
            return ""
        return f"USING gin ({registry.unaccent(column)} gin_trgm_ops)"

    return definition


class ResPartner(models.Model):
    _inherit = "res.partner"

    _toll_name_trgm_idx = models.Index(_parts_of("complete_name"))
    _toll_email_trgm_idx = models.Index(_parts_of("email"))

    toll_account_ids = fields.One2many(
        "toll.account", "partner_id", string="Toll Accounts"
    )
    toll_account_count = fields.Integer(
        compute="_compute_toll_account_count",
        groups="toll_account.group_toll_agent,toll_account.group_toll_analyst,"
        "toll_account.group_toll_billing,toll_account.group_toll_accountant",
    )

    def _compute_toll_account_count(self):
        counts = dict(
            self.env["toll.account"]._read_group(
                [("commercial_partner_id", "in", self.commercial_partner_id.ids)],
                ["commercial_partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.toll_account_count = counts.get(partner.commercial_partner_id, 0)

    def action_view_toll_accounts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_account_action"
        )
        return dict(
            action,
            domain=[("commercial_partner_id", "=", self.commercial_partner_id.id)],
            context={"default_partner_id": self.id},
        )

    def write(self, vals):
        result = super().write(vals)
        if SCORED & vals.keys():
            # a score of the accounts, whatever the writer may do with accounts
            self.env["toll.account"].sudo()._update_completeness(partner_ids=self.ids)
        return result

    def _toll_action_new_account(self, origin, **context):
        """The form of a new account, with the seller and campaign of a sale."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.account",
            "view_mode": "form",
            "name": self.env._("New Toll Account"),
            "context": {
                "default_partner_id": self.id,
                "default_company_id": origin.company_id.id or self.env.company.id,
                "default_seller_id": origin.user_id.id,
                "default_campaign_id": origin.campaign_id.id,
                "default_medium_id": origin.medium_id.id,
                "default_source_id": origin.source_id.id,
                **context,
            },
        }
