from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import hmac

from odoo.addons.toll_account.core import plates
from odoo.addons.toll_account.core.masking import mask

from ..core import handheld as core
from ..core import tag_list as tag_list_format
from ..core.handheld import HandheldError
from ..queries import handheld as queries
from ..queries import tag_list_read

STATES = [
    ("valid", "Valid"),
    ("exempt", "Exempt"),
    ("low", "Low Balance"),
    ("unassigned", "Not Active"),
    ("blocked", "Blocked"),
    ("lost", "Lost"),
    ("stolen", "Stolen"),
    ("unknown", "Unknown"),
]
#: TAGs and plates that a device carries at most; above, only those to stop.
LIST_LIMIT = 1_000_000


class TollHandheldCheck(models.Model):
    """Who asked about which TAG or plate at the roadside, and what the answer was."""

    _name = "toll.handheld.check"
    _description = "Roadside Check"
    _order = "checked_at desc, id desc"
    _rec_name = "value"

    handheld_id = fields.Many2one(
        "toll.handheld", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="handheld_id.company_id", store=True, index=True
    )
    ref = fields.Char(string="Reference", required=True, readonly=True)
    checked_at = fields.Datetime(required=True, readonly=True, index=True)
    user_id = fields.Many2one("res.users", string="Asked by", readonly=True)
    value = fields.Char(string="TAG or Plate", required=True, readonly=True)
    state = fields.Selection(STATES, string="Answer", required=True, readonly=True)
    is_offline = fields.Boolean(
        string="From the List",
        readonly=True,
        help="Answered by the device's own list, without network.",
    )
    latitude = fields.Float(digits=(9, 6), readonly=True, aggregator=None)
    longitude = fields.Float(digits=(9, 6), readonly=True, aggregator=None)

    _ref_uniq = models.Constraint(
        "UNIQUE (handheld_id, ref)", "This row was received before."
    )

    def write(self, vals):
        if not self.env.su:
            raise UserError(self.env._("The log of checks cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The log of checks cannot be changed."))


class TollHandheld(models.Model):
    """Roadside checks of a device."""

    _inherit = "toll.handheld"  # pylint: disable=consider-merging-classes-inherited

    def _scope(self):
        """Whose TAGs and plates, and when."""
        now = fields.Datetime.now()
        local = self.with_context(tz=self.operator_id.tz)
        return {
            "company": self.company_id.id,
            "operator": self.operator_id.id,
            "day": fields.Date.context_today(local),
            "now": now,
        }

    def _find_state(self, value):
        """What lanes should do with this TAG or plate now; nobody's name."""
        self.ensure_one()
        code = plates.normalize(value)
        rows = []
        if code:
            self.env.flush_all()  # the statement reads tables
            rows = self.env.execute_query_dict(
                queries.find_state(code, **self._scope())
            )
        if not rows:
            return {"state": "unknown"}
        row = rows[0]
        vehicle = self.env["toll.vehicle"].browse(row["vehicle_id"] or [])
        account = self.env["toll.account"].browse(row["account_id"] or [])
        holder = account.partner_id.name
        codes = self.operator_id.class_map_ids.filtered(
            lambda line: line.class_id == vehicle.class_id
        )
        return {
            "state": tag_list_format.STATES[row["gravity"]],
            "class": codes[:1].code or None,
            "class_name": vehicle.class_id.name or None,
            "exempt_until": fields.Date.to_string(row["exempt_until"]) or None,
            "holder": account._mask_name(holder) if holder else None,
            "plate": mask(vehicle.plate) or None,
        }

    def _check_now(self, check):
        """Answer a check and note it; asked again, it is noted once."""
        answer = self._find_state(check.value)
        noted = check._replace(state=answer["state"], taken_at=fields.Datetime.now())
        self._note_checks([noted], timedelta(), is_offline=False)
        return answer

    def _note_checks(self, checks, skew, is_offline):
        """Keep the checks that are new."""
        known = set(
            self.env["toll.handheld.check"]
            .search(
                [("handheld_id", "=", self.id), ("ref", "in", [c.ref for c in checks])]
            )
            .mapped("ref")
        )
        allowed = dict(STATES)
        vals_list = []
        for check in checks:
            if check.ref in known:
                continue
            known.add(check.ref)
            place = self.use_location and check.latitude is not None
            vals_list.append(
                {
                    "handheld_id": self.id,
                    "ref": check.ref,
                    "checked_at": core.correct(check.taken_at, skew),
                    "user_id": self._staff_id(check.staff),
                    "value": check.value,
                    "state": check.state if check.state in allowed else "unknown",
                    "is_offline": is_offline,
                    "latitude": check.latitude if place else False,
                    "longitude": check.longitude if place else False,
                }
            )
        self.env["toll.handheld.check"].create(vals_list)

    def _staff_id(self, user_id):
        """The person in charge who says to hold it; nobody else."""
        return user_id if user_id in self.user_ids.ids else False

    def _make_list(self, version=0, epoch=""):
        """The states of all TAGs and plates, for a device without network.

        Or what has changed since the version that the device has, if it is of the same
        epoch: hashed with the same salt, with the same classes, as complete.
        """
        self.ensure_one()
        self.env.flush_all()  # the statements read tables
        tag_list = self._get_tag_list()
        codes = {}
        for line in self.operator_id.class_map_ids.sorted("code"):
            codes.setdefault(line.class_id.id, line.code)
        scope = self._scope()
        header = {
            "salt": self._make_salt(scope["day"]),
            "complete": tag_list.value_count <= LIST_LIMIT,
            "classes": list(codes.values()),
        }
        header["epoch"] = tag_list_format.epoch(tag_list.id, header)
        made = self.env["toll.tag.list.version"]
        if header["epoch"] == epoch and tag_list.log_from <= version:
            made = made.sudo().search(
                [("list_id", "=", tag_list.id), ("version", "=", version)]
            )
        terms = {
            "salt": header["salt"],
            "is_complete": header["complete"],
            "codes": list(codes),
            "company": scope["company"],
            "operator": scope["operator"],
            "day": scope["day"],
        }
        if made:
            header["since"] = version
            query = tag_list_read.device_delta(
                since=version, made_at=made.made_at, **terms
            )
        else:
            query = tag_list_read.device_list(**terms)
        [[data, count]] = self.env.execute_query(query)
        now = fields.Datetime.now()
        header |= {
            "made_at": f"{now.isoformat()}Z",
            "version": tag_list.version,
            "count": count,
        }
        self._set_seen(list_sent_at=now, list_version=tag_list.version)
        return tag_list_format.pack(header, bytes(data or b""))

    def _get_tag_list(self):
        """The company's list; made now if there is none yet."""
        # devices have no rights of their own; of the list they get fingerprints
        lists_sudo = self.env["toll.tag.list"].sudo()
        tag_list_sudo = lists_sudo._get(self.company_id)
        if lists_sudo._is_to_build(self.company_id):
            lists_sudo._soon()
            raise HandheldError(
                "not_ready", "The first list is being made: ask again soon.", 503
            )
        if not tag_list_sudo:
            lists_sudo._refresh(self.company_id)
            tag_list_sudo = lists_sudo._get(self.company_id)
        return tag_list_sudo

    def _make_salt(self, day):
        """The same for an operator's devices all week, and for nobody else.

        Devices can then be sent what changed. Whoever has a device can ask its list
        about a number, with whatever salt; from one week to the next, and from one
        operator to another, fingerprints cannot be compared.
        """
        week = f"{day:%G-%V}"
        scope = (self.env.cr.dbname, self.company_id.id, self.operator_id.id, week)
        return hmac(self.env(su=True), "toll.handheld.list", scope)[:32]
