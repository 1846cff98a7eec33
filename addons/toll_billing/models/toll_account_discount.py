import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

#: Applications of one account that may wait for an answer at once.
MAX_ASKED = 10
MAX_FILES = 5


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    discount_grant_ids = fields.One2many("toll.discount.grant", "account_id")
    discount_grant_count = fields.Integer(
        string="Discounts", compute="_compute_discount_grant_count"
    )

    @api.depends("discount_grant_ids.state")
    def _compute_discount_grant_count(self):
        # the number says how many count today, to whoever sees the account
        counts = self.sudo()._count_by_account(
            "toll.discount.grant", "account_id", [("state", "=", "approved")]
        )
        for account in self:
            account.discount_grant_count = counts.get(account._origin.id, 0)

    def action_view_discounts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_discount_grant_action"
        )
        return action | {
            "domain": [("account_id", "=", self.id)],
            "context": {"default_account_id": self.id},
        }

    def _merge_records(self, target):
        """Discounts go with the vehicles; what they gave stays on its statements."""
        # whoever may join accounts need not decide on discounts
        grants_sudo = self.sudo().discount_grant_ids
        result = super()._merge_records(target)
        grants_sudo.account_id = target
        return result

    # === THE VIRTUAL OFFICE === #
    def _portal_discount_plans(self):
        """Plans that customers may ask for."""
        # the texts of what is offered; nothing else of a plan is shown
        plans_sudo = self.env["toll.discount.plan"].sudo()
        return plans_sudo.search(
            [
                ("state", "=", "approved"),
                ("is_public", "=", True),
                ("is_automatic", "=", False),
                ("kind", "!=", "pack"),
                ("company_id", "in", self.company_id.ids),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", fields.Date.context_today(self)),
            ]
        )

    def _portal_apply_discount(self, plan_id, vehicle_id=None, files=()):
        """Ask for a discount as the customer who is logged in; raise what is wrong.

        :param files: [(name, bytes)] that prove the right to it
        """
        self.ensure_one()
        self.check_access("read")
        if self.state != "active":
            raise UserError(self.env._("Discounts are for active accounts."))
        plan_sudo = self._portal_discount_plans().filtered(lambda p: p.id == plan_id)
        if not plan_sudo:
            raise UserError(self.env._("Choose one of the discounts."))
        vehicle = self.vehicle_ids.filtered(lambda v: v.id == vehicle_id)
        if vehicle_id and not vehicle:
            raise UserError(self.env._("Choose a vehicle of the account."))
        if plan_sudo.needs_evidence and not files:
            raise UserError(
                self.env._("Attach the document that proves your right to it.")
            )
        if len(files) > MAX_FILES:
            raise UserError(
                self.env._("At most %(count)s files can be attached.", count=MAX_FILES)
            )
        # customers have no right to write; what they may set is listed here
        Grant_sudo = self.env["toll.discount.grant"].sudo()
        open_sudo = Grant_sudo.search(
            [("account_id", "=", self.id), ("state", "in", ("draft", "asked"))]
        )
        known = open_sudo.filtered(
            lambda g: g.plan_id == plan_sudo and g.vehicle_id == vehicle
        )
        if known:
            raise UserError(
                self.env._(
                    "You have asked for this already (%(number)s): we answer soon.",
                    number=known[0].name,
                )
            )
        if len(open_sudo) >= MAX_ASKED:
            raise UserError(
                self.env._("You have asked for many discounts: wait for our answers.")
            )
        with self.env.cr.savepoint():  # a bad file leaves nothing behind
            grant_sudo = Grant_sudo.with_context(mail_create_nosubscribe=True).create(
                self._prepare_application_vals(plan_sudo, vehicle, files)
            )
            grant_sudo.action_ask()
        return grant_sudo.sudo(self.env.su)

    def _prepare_application_vals(self, plan, vehicle, files):
        return {
            "plan_id": plan.id,
            "account_id": self.id,
            "vehicle_id": vehicle.id,
            "is_online": True,
            "document_ids": [
                fields.Command.create(
                    {
                        "name": str(name)[:120],
                        "filename": str(name)[:120],
                        "kind": "discount",
                        "file": base64.b64encode(content),
                    }
                )
                for name, content in files
            ],
        }
