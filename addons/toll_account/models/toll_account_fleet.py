from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    parent_id = fields.Many2one(
        "toll.account",
        string="Main Account",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        domain="[('id', '!=', id), ('company_id', '=', company_id)]",
        help="The account that this one is a part of: a branch, a department.",
    )
    child_ids = fields.One2many("toll.account", "parent_id", string="Sub-accounts")
    child_count = fields.Integer(
        string="Number of Sub-accounts", compute="_compute_family", compute_sudo=True
    )
    family_balance = fields.Monetary(
        string="Balance with Sub-accounts",
        compute="_compute_family",
        compute_sudo=True,
        help="Of this account and all below it.",
    )
    cost_centre_ids = fields.One2many("toll.cost.centre", "account_id")
    driver_ids = fields.One2many("toll.driver", "account_id", string="Drivers")
    document_ids = fields.One2many("toll.document", "account_id")
    exemption_ids = fields.One2many("toll.exemption", "account_id")

    def write(self, vals):
        """What follows the main account must not go round in circles."""
        above = self.browse(vals.get("parent_id"))
        while above:
            if above in self:
                raise ValidationError(
                    self.env._(
                        "An account cannot be a part of itself, nor of its parts."
                    )
                )
            above = above.parent_id
        return super().write(vals)

    @api.constrains("parent_id", "company_id")
    def _check_parent_id(self):
        for account in self:
            if account.parent_id.company_id not in (
                account.company_id,
                account.company_id.browse(),
            ):
                raise ValidationError(
                    self.env._("Main account and sub-account are of one company.")
                )

    @api.depends("child_ids")
    def _compute_family(self):
        for account in self:
            if not account._origin.id or not account.child_ids:
                account.child_count = 0
                account.family_balance = account.balance
                continue
            family = self.search([("id", "child_of", account._origin.ids)])
            account.child_count = len(family) - 1
            account.family_balance = sum(family._get_balances().values())

    def _check_closing(self):
        result = super()._check_closing()
        open_parts = self.child_ids.filtered(lambda a: a.state != "closed")
        if open_parts:
            raise ValidationError(
                self.env._(
                    "Account %(number)s has open sub-accounts (%(parts)s): close them "
                    "or give them another main account first.",
                    number=self.number,
                    parts=", ".join(open_parts[:5].mapped("number")),
                )
            )
        return result

    def _merge_records(self, target):
        """Drivers, cost centres, documents and parts go with the vehicles."""
        known = {centre.code: centre for centre in target.cost_centre_ids}
        for centre in self.with_context(active_test=False).cost_centre_ids:
            if centre.code in known:
                centre.code = f"{centre.code}/{self.number}"
            centre.account_id = target
        self.with_context(active_test=False).driver_ids.account_id = target
        result = super()._merge_records(target)
        self.document_ids.account_id = target
        self.exemption_ids.account_id = target
        (self.child_ids - target).parent_id = target
        if target.parent_id == self:
            target.parent_id = self.parent_id
        return result

    def action_view_children(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_account_action"
        )
        return dict(
            values,
            domain=[("id", "child_of", self.id), ("id", "!=", self.id)],
            context={
                "default_parent_id": self.id,
                "default_partner_id": self.partner_id.id,
            },
        )

    def action_import_vehicles(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_vehicle_import_action"
        )
        return dict(values, context={"default_account_id": self.id})
