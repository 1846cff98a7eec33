from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..core.periods import day_span
from ..queries import lane_read
from ..queries import traffic as queries

#: Batches that the hourly job counts in one transaction.
SLICE = 20


class TollTrafficDay(models.Model):
    """Crossings in figures: how many, and how much, per plaza and day.

    Read-only for the ORM: ``_refresh`` counts again what has changed since the last
    time. Design: queries/traffic.py.
    """

    _name = "toll.traffic.day"
    _description = "Traffic of a Day"
    _order = "day desc, operator_id, plaza_id, id"
    _rec_name = "day"
    _log_access = False

    day = fields.Date(
        required=True,
        readonly=True,
        help="By the clock of the plaza. A row whose time is not known counts on the "
        "day of its arrival.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    operator_id = fields.Many2one("toll.operator", required=True, readonly=True)
    road_id = fields.Many2one("toll.road", readonly=True)
    plaza_id = fields.Many2one("toll.plaza", readonly=True)
    class_id = fields.Many2one("toll.vehicle.class", readonly=True)
    payment_mode = fields.Selection(
        lambda self: self._selection_of("toll.account", "payment_mode"),
        string="Kind of Account",
        readonly=True,
    )
    identified = fields.Selection(
        [("tag", "TAG"), ("plate", "Plate"), ("none", "Neither")],
        string="Identified by",
        readonly=True,
    )
    service = fields.Char(readonly=True)
    exempt_kind = fields.Selection(
        lambda self: self._selection_of("toll.exemption", "kind"),
        string="Exempt as",
        readonly=True,
    )
    state = fields.Selection(
        lambda self: self._selection_of("toll.crossing", "state"),
        string="Fate",
        readonly=True,
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    crossings = fields.Integer(readonly=True)
    crossings_tag = fields.Integer(string="Crossings by TAG", readonly=True)
    crossings_exempt = fields.Integer(string="Exempt Crossings", readonly=True)
    amount = fields.Monetary(readonly=True, help="By the tariff, before discounts.")
    amount_discount = fields.Monetary(string="Discount", readonly=True)
    amount_charged = fields.Monetary(
        string="Charged", readonly=True, help="Amount less discount, taxes included."
    )
    amount_volume = fields.Monetary(
        string="Volume Discounts",
        readonly=True,
        help="What was counted from the crossings of a month and taken off invoices: "
        "the share of this plaza and day. Charged is without it.",
    )
    amount_net = fields.Monetary(
        string="Net of Volume Discounts",
        readonly=True,
        help="Charged less volume discounts: what these crossings earn in the end.",
    )
    amount_forgone = fields.Monetary(
        string="Forgone", readonly=True, help="What exempt crossings would have cost."
    )

    _day_idx = models.Index("(day, operator_id)")
    _operator_idx = models.Index("(operator_id, day)")

    def _selection_of(self, model, name):
        return self.env[model]._fields[name]._description_selection(self.env)

    def init(self):
        self.env.cr.execute(queries.create_tables())
        self.env.cr.execute(queries.fill_net())

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("Traffic is counted from crossings, not typed in."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Traffic is counted from crossings, not typed in."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Traffic is counted from crossings, never deleted."))

    # === REFRESH === #
    @api.model
    def _refresh(self, limit=None):
        """Count again what has changed, at most ``limit`` batches.

        :return: how many batches were counted; None where somebody else is at it
        """
        cr = self.env.cr
        self.env.flush_all()
        cr.execute(queries.lock_state())
        if not cr.fetchone():
            return None
        cr.execute(queries.look())
        cr.execute(queries.take(limit))
        batch_ids = [batch_id for (batch_id,) in cr.fetchall()]
        cr.execute(queries.create_cells())
        if batch_ids:
            cr.execute(queries.count_batches(batch_ids))
        cr.execute(queries.take_shared())
        if batch_ids or cr.rowcount:
            cr.execute(queries.clear_days())
            cr.execute(queries.add_up_days())
            cr.execute(lane_read.clear_days())
            cr.execute(lane_read.add_up_days())
            cr.execute(queries.add_shares())
        cr.execute(queries.counted())
        self.invalidate_model()
        self.env["toll.lane.read"].invalidate_model()
        return len(batch_ids)

    @api.model
    def _cron_refresh(self):
        """In slices that are committed one by one: the first time there are many."""
        while count := self._refresh(limit=SLICE):
            self.env.cr.execute(queries.waiting())
            left = self.env.cr.fetchone()[0]
            if not self.env["ir.cron"]._commit_progress(count, remaining=left):
                break

    @api.model
    def _get_refreshed_at(self):
        self.env.cr.execute(queries.refreshed_at())
        return self.env.cr.fetchone()[0]

    @api.model
    def _freeze(self, day):
        """Count what is online for the last time; earlier days stay as they are.

        :return: False where the figures are being brought up to date by somebody else
        """
        if self._refresh() is None:
            return False
        self.env.cr.execute(queries.freeze(day))
        return True

    def _check_counter(self):
        groups = ("toll_account.group_toll_analyst", "toll_account.group_toll_billing")
        if not self.env.su and not any(map(self.env.user.has_group, groups)):
            raise AccessError(
                self.env._(
                    "Only analysts and billing may bring the figures up to date."
                )
            )

    @api.model
    def action_refresh(self):
        """Bring the figures up to date now."""
        self._check_counter()
        count = self._refresh()
        if count is None:
            message = self.env._("The figures are being brought up to date already.")
        elif count:
            message = self.env._("%(count)s batches were counted.", count=count)
        else:
            message = self.env._("The figures were up to date.")
        return self._refresh_notice(message)

    @api.model
    def action_recount(self):
        """Count everything again, as after a change of a plaza's time zone."""
        if not self.env.su and not self.env.user.has_group(
            "toll_account.group_toll_manager"
        ):
            raise AccessError(self.env._("Only managers may count everything again."))
        self.env.cr.execute(queries.lock_state())
        if self.env.cr.fetchone():
            self.env.cr.execute(queries.forget())
        return self.action_refresh()

    def _refresh_notice(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "info",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === DRILL DOWN === #
    def action_open_crossings(self):
        """The crossings behind these figures."""
        self.check_access("read")
        domains = [row._crossing_domain() for row in self]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_crossing_action"
        )
        return action | {
            "domain": Domain.OR(domains),
            "context": {"create": False},
        }

    def _crossing_domain(self):
        """Its crossings: the local day as a span of UTC."""
        self.ensure_one()
        zone = self.plaza_id.tz or self.operator_id.tz or "UTC"
        first, last = day_span(self.day, self.day, zone)
        return Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("operator_id", "=", self.operator_id.id),
                ("plaza_id", "=", self.plaza_id.id),
                ("class_id", "=", self.class_id.id),
                ("state", "=", self.state),
                ("occurred_at", ">=", first),
                ("occurred_at", "<", last),
            ]
        )


class TollPlaza(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.plaza"

    def write(self, vals):
        result = super().write(vals)
        if "road_id" in vals:
            self.flush_recordset(["road_id"])
            self.env.cr.execute(queries.follow_roads(self.ids))
        return result
