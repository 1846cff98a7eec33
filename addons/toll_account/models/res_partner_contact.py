from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import fields, models

from ..core import quiet


class ResPartner(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "res.partner"

    toll_channel = fields.Selection(
        [
            ("email", "E-mail"),
            ("sms", "Text message"),
            ("whatsapp", "WhatsApp"),
            ("phone", "Telephone"),
            ("post", "Post"),
            ("none", "None: only what the law asks for"),
        ],
        string="Preferred Channel",
        default="email",
    )
    toll_quiet_from = fields.Float(
        string="Quiet From", help="Hour from which nobody calls or writes."
    )
    toll_quiet_to = fields.Float(
        string="Quiet To", help="The same as “from”: there are no quiet hours."
    )

    _toll_quiet_valid = models.Constraint(
        "CHECK (toll_quiet_from >= 0 AND toll_quiet_from < 24"
        " AND toll_quiet_to >= 0 AND toll_quiet_to < 24)",
        "Quiet hours are between 0:00 and 23:59.",
    )

    def _toll_local_hour(self, now=None):
        now = now or fields.Datetime.now()
        zone = ZoneInfo(self.tz or self.env.company.partner_id.tz or "UTC")
        local = now.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
        return local.hour + local.minute / 60 + local.second / 3600

    def _toll_is_quiet(self, now=None):
        """Is it an hour in which this person wants to be left alone?"""
        self.ensure_one()
        return quiet.is_quiet(
            self._toll_local_hour(now), self.toll_quiet_from, self.toll_quiet_to
        )

    def _toll_next_contact(self, now=None):
        """The first moment from now on at which a message may go out."""
        self.ensure_one()
        now = now or fields.Datetime.now()
        left = quiet.hours_left(
            self._toll_local_hour(now), self.toll_quiet_from, self.toll_quiet_to
        )
        return now + timedelta(hours=left)

    def _toll_wants(self, channel):
        """May this channel be used for what the law does not ask for?"""
        self.ensure_one()
        return (self.toll_channel or "email") == channel
