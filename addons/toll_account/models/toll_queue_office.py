import secrets
from datetime import UTC
from zoneinfo import ZoneInfo

from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get


class TollOffice(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.office"

    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self._default_tz(),
        help="In which the office's days begin and end.",
    )
    queue_key = fields.Char(
        copy=False,
        readonly=True,
        groups="toll_account.group_toll_manager",
        help="The kiosk and the screen of the office are known by this key.",
    )
    queue_kiosk_url = fields.Char(
        string="Kiosk",
        compute="_compute_queue_urls",
        groups="toll_account.group_toll_manager",
    )
    queue_screen_url = fields.Char(
        string="Screen",
        compute="_compute_queue_urls",
        groups="toll_account.group_toll_manager",
    )
    queue_head_start = fields.Integer(
        string="Priority (Minutes)",
        default=20,
        help="Elderly, pregnant and disabled people, and appointments, are called as "
        "if they had come so much earlier.",
    )
    ticket_ids = fields.One2many("toll.queue.ticket", "office_id")
    ticket_waiting_count = fields.Integer(
        string="Waiting", compute="_compute_ticket_waiting_count"
    )

    _queue_key_uniq = models.UniqueIndex("(queue_key) WHERE queue_key IS NOT NULL")
    _queue_head_start_check = models.Constraint(
        "CHECK (queue_head_start BETWEEN 0 AND 480)", "0 to 480 minutes, please."
    )

    @api.model
    def _default_tz(self):
        return self.env.company.partner_id.tz or self.env.user.tz or "UTC"

    @api.depends("queue_key")
    def _compute_queue_urls(self):
        for office in self:
            base = office.queue_key and (
                f"{office.get_base_url()}/toll/queue/{office.queue_key}"
            )
            office.queue_kiosk_url = base
            office.queue_screen_url = base and f"{base}/screen"

    def _compute_ticket_waiting_count(self):
        for office in self:
            office.ticket_waiting_count = self.env["toll.queue.ticket"].search_count(
                [
                    ("office_id", "=", office._origin.id),
                    ("day", "=", office._queue_today()),
                    ("state", "=", "waiting"),
                ]
            )

    def action_queue_key(self):
        """A new key: the links that were in use stop working."""
        self.check_access("write")
        for office in self:
            office.queue_key = secrets.token_urlsafe(18)
        return True

    def _queue_today(self):
        self.ensure_one()
        return self._queue_local(fields.Datetime.now()).date()

    def _queue_local(self, moment):
        """A moment (UTC, without zone) by the office's clock."""
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.tz or "UTC"))

    def _queue_services(self):
        """The services of the office, in the order of its kiosk."""
        self.ensure_one()
        services = self.env["toll.queue.service"].search([("active", "=", True)])
        return services.filtered(
            lambda service: not service.office_ids or self in service.office_ids
        )

    @api.model
    def _find_by_queue_key(self, key):
        """The office of a kiosk, or nothing; whoever has the key may take tickets."""
        if not isinstance(key, str) or len(key) < 16:
            return self.browse()
        # the public reads nothing of an office but what its kiosk shows
        return self.sudo().search([("queue_key", "=", key)], limit=1)

    def _queue_demo(self):
        """A few people who wait."""
        tickets = self.env["toll.queue.ticket"]
        for nth, service in enumerate([*self._queue_services()] * 2):
            tickets._take(self, service, is_priority=nth == 4)

    def action_view_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_queue_ticket_action"
        )
        return dict(action, domain=[("office_id", "=", self.id)])
