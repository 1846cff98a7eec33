from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..queries import tag_list_outage as queries

ACTIVITY = "mail.mail_activity_data_warning"


class TollTagListOutage(models.Model):
    """A time in which an operator's lanes did not know the lists: told once, and kept.

    Written by the job only.
    """

    _name = "toll.tag.list.outage"
    _description = "Operator Behind with the Lists"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "began_at desc, id desc"
    _rec_name = "operator_id"
    _mail_post_access = "read"  # the desks answer; only the job writes

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    operator_id = fields.Many2one(
        "toll.operator", required=True, readonly=True, index=True, ondelete="restrict"
    )
    began_at = fields.Datetime(
        string="Behind since",
        required=True,
        readonly=True,
        help="When the first version was made that the operator did not acknowledge.",
    )
    told_at = fields.Datetime(required=True, readonly=True)
    ended_at = fields.Datetime(string="Back on", readonly=True)
    minutes = fields.Float(
        string="Lasted (min)", readonly=True, digits=(16, 1), aggregator="max"
    )

    _open_once = models.UniqueIndex(
        "(company_id, operator_id) WHERE ended_at IS NULL",
        "This operator is known to be behind already.",
    )

    @api.model
    def _cron_watch(self):
        """Open what has begun, close what is over."""
        self.env.flush_all()
        behind = {
            (company, operator): since
            for company, operator, since in self.env.execute_query(queries.behind())
        }
        known = self.search(Domain("ended_at", "=", False))
        for outage in known:
            if not behind.pop((outage.company_id.id, outage.operator_id.id), None):
                outage._end()
        for (company, operator), since in behind.items():
            self.create(
                {
                    "company_id": company,
                    "operator_id": operator,
                    "began_at": since,
                    "told_at": fields.Datetime.now(),
                }
            )._tell_begun()

    # === TELLING === #
    def _tell_begun(self):
        self.activity_schedule(
            ACTIVITY,
            summary=self.env._("%s is behind", self.operator_id.name),
            note=self.env._(
                "Its lanes do not know the lists of TAGs of %(time)s or later. Ask "
                "whether its program runs and reaches this server.",
                time=format_datetime(self.env, self.began_at),
            ),
            user_id=self._get_responsible().id,
        )
        contact = self._get_contact()
        words = self.with_context(lang=contact.lang or self.env.lang)
        words._write(
            contact,
            words.env._("Your lanes are behind with the lists of TAGs"),
            words.env._(
                "%(company)s: since %(time)s %(operator)s has not acknowledged the "
                "lists of TAGs. Its lanes may accept TAGs that are blocked and refuse "
                "TAGs that are valid. Please check that your program fetches the lists "
                "and acknowledges them.",
                company=self.company_id.name,
                operator=self.operator_id.name,
                time=words._format_time(self.began_at),
            ),
        )

    def _end(self):
        now = fields.Datetime.now()
        self.write(
            {"ended_at": now, "minutes": (now - self.began_at).total_seconds() / 60}
        )
        self.activity_search([ACTIVITY]).action_feedback(
            feedback=self.env._("%s is up to date again.", self.operator_id.name)
        )
        contact = self._get_contact()
        words = self.with_context(lang=contact.lang or self.env.lang)
        words._write(
            contact + self._get_responsible().partner_id,
            words.env._("The lists of TAGs are up to date again"),
            words.env._(
                "%(company)s: the lanes of %(operator)s know the lists of TAGs again, "
                "after %(minutes)s minutes.",
                company=self.company_id.name,
                operator=self.operator_id.name,
                minutes=round(self.minutes),
            ),
        )

    def _format_time(self, moment):
        """In the operator's own time zone."""
        return format_datetime(self.env, moment, tz=self.operator_id.tz)

    def _write(self, partners, subject, text):
        self.message_post(
            subject=subject,
            body=text,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
            partner_ids=partners.ids,
        )

    def _get_contact(self):
        """Whom to tell at the operator."""
        return self.operator_id.list_contact_id or self.operator_id.partner_id

    def _get_responsible(self):
        """Who looks after the operator here; else whom the checks are told."""
        users = self.operator_id.list_user_id + self.company_id.toll_check_user_id
        found = users.filtered("active")[:1]
        return found or self.env["toll.check.result"]._get_responsible()[:1]


class TollOperator(models.Model):
    _inherit = "toll.operator"  # pylint: disable=consider-merging-classes-inherited

    list_minutes = fields.Integer(
        string="Lists Known within (min)",
        tracking=True,
        help="Behind for longer, the responsible and the contact are told. 0: as the "
        "settings of the company say.",
    )
    list_user_id = fields.Many2one(
        "res.users",
        string="Responsible for Lists",
        domain="[('share', '=', False)]",
        tracking=True,
        help="Gets an activity when the operator is behind with the lists of TAGs.",
    )
    list_contact_id = fields.Many2one(
        "res.partner",
        string="Contact for Lists",
        tracking=True,
        help="Gets a message when the operator is behind, and when it is back. Empty: "
        "the company behind the operator.",
    )
    list_outage_count = fields.Integer(
        string="Outages", compute="_compute_list_outage_count"
    )

    _list_minutes_positive = models.Constraint(
        "CHECK (list_minutes >= 0)", "The minutes are not negative."
    )

    def _compute_list_outage_count(self):
        groups = self.env["toll.tag.list.outage"]._read_group(
            [("operator_id", "in", self.ids)], ["operator_id"], ["__count"]
        )
        counts = {operator.id: count for operator, count in groups}
        for operator in self:
            operator.list_outage_count = counts.get(operator._origin.id, 0)

    def action_view_list_outages(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "toll_billing.toll_tag_list_outage_action"
        )
        return {**action, "domain": [("operator_id", "=", self.id)], "context": {}}
