from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError

MAX_FILES = 5
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_TEXT = 10_000
# How many requests one person may open in a day through the virtual office.
MAX_PER_DAY = 20
# The same words again within this time are a second click.
REPEATED = timedelta(minutes=5)
CUSTOMER_VALS = (
    "channel",
    "contact_email",
    "contact_name",
    "contact_phone",
    "vehicle_id",
)


class TollRequest(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.request"

    @api.model
    def _open_for_customer(self, type_code, account, description, vals=None):
        """Open a request as the customer who is logged in, and answer it.

        `account` is a record or an id, empty for types that need none. `vals` may
        have channel (default: virtual office), vehicle_id, contact_name,
        contact_phone, contact_email, and attachments: [(file name, bytes)]. Other
        people's accounts and vehicles are answered like unknown ones. The same words
        sent twice are one request.
        """
        vals = dict(vals or {})
        files = self._check_files(vals.pop("attachments", None) or [])
        type_sudo = self._find_type(type_code)
        account = self._own_record("toll.account", account)
        if type_sudo.requires_account and not account:
            raise UserError(self.env._("Choose the account that it is about."))
        vehicle = self._own_record("toll.vehicle", vals.get("vehicle_id"))
        if vehicle and vehicle.account_id != account:
            raise UserError(self.env._("Choose a vehicle of the account."))
        description = (description or "").strip()
        if not description:
            raise UserError(self.env._("Write what you ask for."))
        values = {
            **self._prepare_customer_vals(type_sudo, account, vals),
            "description": description[:MAX_TEXT],
        }
        known = self._find_repeated(values)
        if known:
            return known
        self._check_daily_limit(values)
        # Customers have no right to create; what they may set is listed above.
        request_sudo = self.sudo().with_context(mail_create_nosubscribe=True)
        request_sudo = request_sudo.create(values)
        if request_sudo.partner_id:
            request_sudo.message_subscribe(request_sudo.partner_id.ids)
        self.env["ir.attachment"].sudo().create(
            [
                {
                    "name": name,
                    "raw": content,
                    "res_model": self._name,
                    "res_id": request_sudo.id,
                }
                for name, content in files
            ]
        )
        return request_sudo.sudo(self.env.su)

    def _prepare_customer_vals(self, request_type, account, vals):
        """The values of a request that a customer opens; other addons add theirs."""
        user = self.env.user
        company = account.company_id or self.env.company
        partner = account.partner_id
        if not user._is_public() and not user._is_internal():
            partner = user.partner_id
        return {
            "channel": "web",
            **{key: vals[key] for key in CUSTOMER_VALS if vals.get(key)},
            "type_id": request_type.id,
            "account_id": account.id,
            "partner_id": partner.id,
            "company_id": company.id,
            "office_id": False,
        }

    def _find_type(self, type_code):
        # a customer may see the types for customers only, an employee all of them
        types_sudo = self.env["toll.request.type"].sudo()
        found = types_sudo.search([("code", "=", type_code)], limit=1)
        if not found or not (found.is_customer or self.env.user._is_internal()):
            raise UserError(self.env._("There is no such type of request."))
        return found

    def _own_record(self, model, value):
        """The record that this user may read; raise the same for all others."""
        record = self.env[model]
        if isinstance(value, models.BaseModel):
            value = value.id
        if not value:
            return record
        try:
            record = record.browse(int(value))
            record.check_access("read")
            found = record.exists()
        except (AccessError, MissingError, TypeError, ValueError, OverflowError):
            found = None
        if not found:
            raise UserError(self.env._("Choose one of your own accounts and vehicles."))
        return found

    def _check_files(self, files):
        if len(files) > MAX_FILES:
            raise UserError(
                self.env._("At most %(count)s files can be attached.", count=MAX_FILES)
            )
        for name, content in files:
            if len(content) > MAX_FILE_BYTES:
                raise UserError(
                    self.env._(
                        "%(name)s is larger than %(size)s MB.",
                        name=name,
                        size=MAX_FILE_BYTES // 1024 // 1024,
                    )
                )
        return [(str(name)[:200], content) for name, content in files]

    def _recent_domain(self, values, since):
        return [
            ("partner_id", "=", values["partner_id"]),
            ("create_uid", "=", self.env.uid),
            ("opened_at", ">=", fields.Datetime.now() - since),
        ]

    def _find_repeated(self, values):
        same = ("type_id", "account_id", "description")
        return (
            self.search(
                self._recent_domain(values, REPEATED)
                + [(field, "=", values[field]) for field in same]
                + [("state", "=", "new")],
                limit=1,
            )
            if self.has_access("read")
            else self.browse()
        )

    def _check_daily_limit(self, values):
        if self.env.user._is_internal():
            return
        count = self.sudo().search_count(  # strangers without login have no rights
            self._recent_domain(values, timedelta(days=1))
        )
        if count >= MAX_PER_DAY:
            raise UserError(
                self.env._(
                    "You have sent many requests today. Write more into one of them, "
                    "or call us."
                )
            )
