from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _name = "toll.account"
    _inherit = ["toll.account", "utm.mixin"]

    seller_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('share', '=', False)]",
        default=lambda self: self._default_seller_id(),
        help="Who won the customer: commissions are this person's.",
    )
    channel_id = fields.Many2one(
        "toll.sales.channel",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="Where the account was sold.",
    )
    referral_id = fields.Many2one(
        "toll.account",
        string="Referred by",
        index="btree_not_null",
        ondelete="set null",
        help="The customer who recommended the service.",
    )
    referral_count = fields.Integer(compute="_compute_referral_count")
    lead_ids = fields.One2many("crm.lead", "toll_account_id")
    order_ids = fields.One2many("sale.order", "toll_account_id")

    @api.model
    def _default_seller_id(self):
        user = self.env.user
        return user if user._is_internal() and not self.env.su else False

    def _compute_referral_count(self):
        counts = self._count_by_account("toll.account", "referral_id")
        for account in self:
            account.referral_count = counts.get(account._origin.id, 0)

    @api.constrains("referral_id")
    def _check_referral_id(self):
        if self.filtered(lambda account: account.referral_id == account):
            raise ValidationError(self.env._("Nobody recommends himself."))

    def write(self, vals):
        """Who won a customer is settled with the opening: commissions follow it."""
        if "seller_id" in vals and not self.env.su:
            changed = self.filtered(
                lambda a: a.state != "draft" and a.seller_id.id != vals["seller_id"]
            )
            if changed and not self.env.user.has_group(
                "toll_account.group_toll_manager"
            ):
                raise UserError(
                    self.env._(
                        "Account %(number)s is open: only a manager changes its "
                        "seller.",
                        number=changed[0].number,
                    )
                )
        return super().write(vals)

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        origins = (("toll_lead_id", "crm.lead"), ("toll_order_id", "sale.order"))
        for field, model in origins:
            origin = self.env[model].browse(self.env.context.get(field)).exists()
            if origin and len(accounts) == 1 and origin.has_access("read"):
                # the link only, for people who sell without a seller's rights
                origin_sudo = origin.sudo()
                if not origin_sudo.toll_account_id:
                    origin_sudo.toll_account_id = accounts
        return accounts
