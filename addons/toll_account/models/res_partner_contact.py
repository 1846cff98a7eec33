from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import fields, models

from ..core import gateway, quiet

#: Channels that go through a gateway.
MESSAGED = ("sms", "whatsapp")


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

    def _toll_mobile(self):
        """The number with its country, as providers want it; empty if it is none."""
        self.ensure_one()
        country = self.country_id or self.env.company.country_id
        return gateway.to_international(self.phone, country.phone_code)

    def _toll_can_be_told(self, company):
        """Is there a way to tell this customer something?"""
        self.ensure_one()
        if self.toll_channel == "none":
            return False
        if self.email or self.toll_channel not in MESSAGED:
            return bool(self.email)
        sender = self.env["toll.gateway"]._find(self.toll_channel, company)
        return bool(sender and self._toll_mobile())
