from odoo import api, fields, models


class StockWarehouseOrderpoint(models.Model):
    """How many TAGs a place should have ready; who is told when there are fewer."""

    _name = "stock.warehouse.orderpoint"
    _inherit = ["stock.warehouse.orderpoint", "mail.thread", "mail.activity.mixin"]

    toll_is_tag = fields.Boolean(related="product_id.toll_is_tag", store=True)
    toll_ready_count = fields.Integer(
        string="Ready", compute="_compute_toll_ready", help="TAGs that can be assigned."
    )
    toll_missing_count = fields.Integer(
        string="Missing",
        compute="_compute_toll_ready",
        help="How many fill the place up to its maximum.",
    )
    toll_is_low = fields.Boolean(
        string="Low", compute="_compute_toll_ready", search="_search_toll_is_low"
    )

    def _compute_toll_ready(self):
        for rule in self:
            ready = (
                self.env["stock.quant"].search_count(
                    [
                        ("location_id", "child_of", rule.location_id.id),
                        ("product_id", "=", rule.product_id.id),
                        ("quantity", ">", 0),
                        ("lot_id.toll_state", "=", "stocked"),
                    ]
                )
                if rule.toll_is_tag
                else 0
            )
            rule.toll_ready_count = ready
            rule.toll_is_low = rule.toll_is_tag and ready < rule.product_min_qty
            rule.toll_missing_count = (
                max(rule.product_max_qty - ready, 0) if rule.toll_is_low else 0
            )

    def _search_toll_is_low(self, operator, value):
        if operator != "in":
            return NotImplemented
        rules = self.search([("toll_is_tag", "=", True)])
        low = rules.filtered("toll_is_low")
        return [("id", "in" if True in value else "not in", low.ids)]

    def _unlink_processed_orderpoints(self):
        """A rule about TAGs stays when its place is full."""
        rules = self or self.search([("toll_is_tag", "=", False)])
        others = rules.filtered(lambda rule: not rule.toll_is_tag)
        if not others:
            return others
        return super(StockWarehouseOrderpoint, others)._unlink_processed_orderpoints()

    @api.model
    def _cron_toll_low_stock(self):
        """Tell the responsible of each place that ran low, once until it is filled."""
        rules = self.search([("toll_is_tag", "=", True)])
        kind = "mail.mail_activity_data_todo"
        for rule in rules:
            known = rule.activity_ids.filtered("automated")
            if rule.toll_is_low and not known:
                user = (
                    rule.location_id.toll_user_id
                    or rule.company_id.toll_check_user_id
                    or self.env.ref("base.user_admin")
                )
                rule.with_context(lang=user.lang).activity_schedule(
                    kind,
                    summary=rule.env._(
                        "%(place)s has %(ready)s TAGs, at least %(least)s wanted",
                        place=rule.location_id.display_name,
                        ready=rule.toll_ready_count,
                        least=int(rule.product_min_qty),
                    ),
                    user_id=user.id,
                )
            elif known and not rule.toll_is_low:
                known.unlink()

    def action_toll_refill(self):
        """Scan TAGs into this place."""
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_scan_action"
        )
        values["context"] = {"default_destination_id": self.location_id.id}
        return values
