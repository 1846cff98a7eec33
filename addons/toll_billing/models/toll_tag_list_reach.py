from odoo import api, fields, models
from odoo.tools import format_datetime

from ..queries import tag_list_read as queries
from .toll_tag_list_delivery import KINDS


class TollTagListReach(models.Model):
    """How far each operator's lanes are, and how long news took to reach them."""

    _name = "toll.tag.list.reach"
    _description = "Reach of the Lists for Lanes"
    _order = "is_behind desc, operator_id, kind"
    _rec_name = "operator_id"
    _auto = False
    _log_access = False

    company_id = fields.Many2one("res.company", readonly=True)
    operator_id = fields.Many2one("toll.operator", readonly=True)
    kind = fields.Selection(KINDS, string="List", readonly=True)
    version = fields.Integer(string="Present Version", readonly=True, aggregator=None)
    sent_version = fields.Integer(readonly=True, aggregator=None)
    sent_at = fields.Datetime(string="Last Asked", readonly=True)
    known_version = fields.Integer(
        readonly=True, aggregator=None, help="The last one that it acknowledged."
    )
    known_at = fields.Datetime(string="Acknowledged on", readonly=True)
    behind_since = fields.Datetime(
        readonly=True, help="When the first version was made that it does not know."
    )
    behind_minutes = fields.Float(
        string="Behind (min)", readonly=True, digits=(16, 1), aggregator="max"
    )
    is_behind = fields.Boolean(
        string="Behind", readonly=True, help="For longer than the settings allow."
    )
    last_minutes = fields.Float(
        string="Last (min)", readonly=True, digits=(16, 1), aggregator="max"
    )
    median_minutes = fields.Float(
        string="Median of 24 h (min)", readonly=True, digits=(16, 1), aggregator="avg"
    )
    worst_minutes = fields.Float(
        string="Worst of 24 h (min)", readonly=True, digits=(16, 1), aggregator="max"
    )
    news = fields.Integer(string="News of 24 h", readonly=True)

    @property
    def _table_query(self):
        return queries.reach()

    def action_view_deliveries(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "toll_billing.toll_tag_list_delivery_action"
        )
        domain = [
            ("company_id", "=", self.company_id.id),
            ("operator_id", "=", self.operator_id.id),
            ("kind", "=", self.kind),
        ]
        return {**action, "domain": domain, "context": {}}


class StockLot(models.Model):
    _inherit = "stock.lot"  # pylint: disable=consider-merging-classes-inherited

    toll_known_by = fields.Text(
        string="Known to",
        compute="_compute_toll_known_by",
        groups="base.group_user",
        help="Which operators' lanes know the present status, and since when.",
    )

    _toll_write_date_idx = models.Index("(write_date) WHERE toll_state IS NOT NULL")

    @api.depends("toll_state")
    def _compute_toll_known_by(self):
        self.env["toll.tag.list.delivery"].flush_model()
        lines = {}
        operators_sudo = self.env["toll.operator"].sudo()  # names only
        for lot_id, operator_id, known_at in self.env.execute_query(
            queries.known_by(self._origin.ids)
        ):
            name = operators_sudo.browse(operator_id).name
            lines.setdefault(lot_id, []).append(
                self.env._(
                    "%(operator)s since %(time)s",
                    operator=name,
                    time=format_datetime(self.env, known_at),
                )
                if known_at
                else self.env._("%(operator)s: not yet", operator=name)
            )
        for lot in self:
            lot.toll_known_by = "\n".join(lines.get(lot._origin.id, ()))


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    _write_date_idx = models.Index("(write_date)")


class TollVehicle(models.Model):
    _inherit = "toll.vehicle"  # pylint: disable=consider-merging-classes-inherited

    _write_date_idx = models.Index("(write_date)")
    _date_from_idx = models.Index("(date_from)")
    _date_to_idx = models.Index("(date_to) WHERE date_to IS NOT NULL")
