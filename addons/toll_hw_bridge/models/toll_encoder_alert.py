from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .toll_encoder import OFFLINE_AFTER

ACTIVITY = "mail.mail_activity_data_warning"


class TollEncoder(models.Model):
    """Tells when an encoder stays away while TAGs wait for it, and when it is back."""

    _inherit = "toll.encoder"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _cron_offline(self):
        encoders = self.search(
            [
                "|",
                ("offline_alert_at", "!=", False),
                "&",
                ("offline_minutes", ">", 0),
                ("state", "=", "offline"),
            ]
        )
        for encoder in encoders:
            encoder._check_offline()

    def _check_offline(self):
        now = fields.Datetime.now()
        seen = self.last_seen_at
        if seen and seen >= now - OFFLINE_AFTER:
            self._tell_back()
        elif not self.offline_alert_at:
            waiting_since = self._waiting_since()
            limit = now - timedelta(minutes=self.offline_minutes)
            away_since = seen or self.create_date
            if waiting_since and max(waiting_since, away_since) <= limit:
                self._tell_offline()

    def _waiting_since(self):
        """Since when a TAG waits for this encoder; None when none does."""
        mine = Domain("encoder_id", "=", self.id)
        anybody = Domain("encoder_id", "=", False) & Domain(
            "batch_id.encoder_ids", "in", self.ids
        )
        job = self.env["toll.encoding.job"].search(
            (mine | anybody)
            & Domain("state", "in", ("waiting", "sent"))
            & (Domain("kind", "=", "read") | Domain("batch_id.state", "=", "running")),
            limit=1,
        )
        return job and (job.batch_id.started_at or job.create_date)

    def _tell_offline(self):
        self.offline_alert_at = fields.Datetime.now()
        text = self.env._(
            "Encoder %(encoder)s has been offline for more than %(minutes)s minutes "
            "while TAGs wait for it. Look at the agent on %(host)s: is it running, and "
            "does it reach this server?",
            encoder=self.name,
            minutes=self.offline_minutes,
            host=self.host or "?",
        )
        self.activity_schedule(
            ACTIVITY,
            summary=self.env._("%s is offline", self.name),
            note=text,
            user_id=self.user_id.id or self.env.uid,
        )
        self._write_to_responsible(self.env._("%s is offline", self.name), text)

    def _tell_back(self):
        self.offline_alert_at = False
        text = self.env._("Encoder %s is back.", self.name)
        self.activity_search([ACTIVITY]).action_feedback(feedback=text)
        self._write_to_responsible(self.env._("%s is back", self.name), text)

    def _write_to_responsible(self, subject, text):
        self.message_post(
            subject=subject,
            body=text,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.user_id.partner_id.ids,
        )
