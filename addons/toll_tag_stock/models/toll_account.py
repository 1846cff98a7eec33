from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..core.epc import normalize


class TollAccount(models.Model):
    _inherit = "toll.account"

    toll_tag_ids = fields.One2many("stock.lot", "toll_account_id", string="TAGs")
    toll_tag_count = fields.Integer(
        string="Number of TAGs", compute="_compute_toll_tag_count"
    )
    toll_assignment_ids = fields.One2many("toll.tag.assignment", "account_id")

    @api.depends("toll_tag_ids")
    def _compute_toll_tag_count(self):
        # counted for everyone who sees the account, whatever he may do with stock
        lots_sudo = self.env["stock.lot"].sudo()
        counts = dict(
            lots_sudo._read_group(
                [("toll_account_id", "in", self.ids)], ["toll_account_id"], ["__count"]
            )
        )
        counts = {account.id: count for account, count in counts.items()}
        for account in self:
            account.toll_tag_count = counts.get(account._origin.id, 0)

    def write(self, vals):
        if "state" not in vals:
            return super().write(vals)
        before = {account: account.state for account in self}
        res = super().write(vals)
        self._toll_follow_state(before)
        return res

    def _toll_follow_state(self, before):
        """Lanes refuse the TAGs of a suspended account and take them back after."""
        # the status of TAGs follows from the account's; nobody writes it by hand
        status_sudo = self.env["toll.tag.status"].sudo()
        changed = self.filtered(lambda account: before[account] != account.state)
        suspended = changed.filtered(lambda account: account.state == "suspended")
        back = changed.filtered(
            lambda account: account.state == "active" and before[account] == "suspended"
        )
        held = suspended.sudo().toll_tag_ids.filtered(lambda lot: lot.toll_status)
        status_sudo._set(
            held.filtered(lambda lot: lot.toll_status != "blocked"),
            "blocked",
            "account_suspended",
        )
        status_sudo._release(
            back.sudo().toll_tag_ids, ("account_suspended",), "account_active"
        )

    def _check_closing(self):
        res = super()._check_closing()
        tags_sudo = self.sudo().toll_tag_ids
        if tags_sudo:
            raise UserError(
                self.env._(
                    "Account %(number)s still has %(count)s TAGs (%(tag)s): take them "
                    "back or report them as lost before closing it.",
                    number=self.number,
                    count=len(tags_sudo),
                    tag=", ".join(tags_sudo[:3].mapped("name")),
                )
            )
        return res

    def _get_guarantees(self):
        held = dict(super()._get_guarantees())
        rows = self.env["toll.tag.assignment"]._read_group(
            [("account_id", "in", self.ids), ("guarantee_state", "=", "held")],
            ["account_id"],
            ["guarantee_amount:sum"],
        )
        for account, amount in rows:
            held[account.id] = held.get(account.id, 0) + amount
        return held

    def _merge_records(self, target):
        """TAGs stay with their vehicles; assignments that have ended stay history."""
        lots = self.toll_tag_ids
        held = self.toll_assignment_ids.filtered("is_open")
        res = super()._merge_records(target)
        held.account_id = target
        lots.toll_account_id = target
        return res

    @api.model
    def _get_search_domains(self, term):
        """An account is also named by a TAG: printed number or EPC, however written."""
        domains = super()._get_search_domains(term)
        code = normalize(term)
        if len(code) >= 6 and self.env.user._is_internal():
            domains.append(
                Domain(
                    "toll_tag_ids",
                    "any!",
                    Domain("name", "ilike", code) | Domain("toll_epc", "=", code),
                )
            )
        return domains

    def action_toll_assign(self):
        """Choose TAGs for the vehicles of the account that have none."""
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_assign_action"
        )
        values["context"] = {"active_model": self._name, "active_ids": self.ids}
        return values

    def action_view_toll_tags(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.stock_lot_action"
        )
        values["domain"] = [("toll_account_id", "=", self.id)]
        values["context"] = {"create": False}
        return values
