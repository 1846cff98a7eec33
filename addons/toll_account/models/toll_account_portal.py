from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from ..core import plates

MAX_VEHICLES = 50
OPEN = ("active", "suspended")


class TollAccount(models.Model):
    """What customers do themselves in the virtual office and the public pages."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    auto_topup_ids = fields.One2many(
        "toll.auto.topup", "account_id", string="Automatic Top-up"
    )
    is_web_signup = fields.Boolean(
        string="Signed up on the Web",
        readonly=True,
        copy=False,
        help="Works as soon as the customer has confirmed the e-mail address.",
    )

    def _portal_add_vehicle(self, plate, class_id, make="", model="", color=""):
        """Register a vehicle of the customer's own account; raise what is wrong."""
        self.ensure_one()
        self.check_access("read")
        if self.state not in ("draft", "active"):
            raise UserError(
                self.env._("Vehicles can be added to an active account only.")
            )
        if self.vehicle_count >= MAX_VEHICLES:
            raise UserError(
                self.env._("For a large fleet please send us a request with the list.")
            )
        plate = (plate or "").strip()[:16]
        if len(plates.normalize(plate)) < 3:
            raise UserError(
                self.env._("Please write the number plate: letters and digits.")
            )
        vehicle_class = self.env["toll.vehicle.class"].browse(class_id or 0).exists()
        if not vehicle_class or not vehicle_class.active:
            raise UserError(self.env._("Please choose the class of the vehicle."))
        values = {
            "account_id": self.id,
            "plate": plate,
            "class_id": vehicle_class.id,
            "make": (make or "").strip()[:40],
            "model": (model or "").strip()[:40],
            "color": (color or "").strip()[:40],
            "country_id": self.company_id.sudo().country_id.id,
        }
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                # Customers have no right to create; the account is theirs.
                vehicle_sudo = self.env["toll.vehicle"].sudo().create(values)
                vehicle_sudo.flush_recordset()
        except (ValidationError, IntegrityError) as error:
            raise UserError(
                self.env._(
                    "This plate could not be registered. If it is right, please send "
                    "us a request and attach the vehicle's registration."
                )
            ) from error
        return vehicle_sudo.sudo(self.env.su)

    # Quick top-up without login

    @api.model
    def _find_public(self, tag="", plate=""):
        """(account, initials) of this TAG, this plate, or of both together.

        For pages without login: only the account to pay for, never what it has. The
        initials come only where TAG and plate name the same account. Nothing found
        takes the same queries as an account, so that the time tells nothing.
        """
        together = bool(tag and plate)
        by_tag = self._search_public_tag(tag or plate)
        by_plate = self._search_public_plate(plate or tag)
        ids = set(by_tag) & set(by_plate) if together else by_plate or by_tag
        # the public may read nothing
        found_sudo = self.sudo().search_fetch(
            [("id", "in", list(ids) or [0]), ("state", "in", OPEN)],
            ["partner_id", "state", "company_id"],
            limit=2,
        )
        if len(found_sudo) != 1:
            found_sudo = found_sudo.browse()
        holder_sudo = found_sudo.partner_id.search_fetch(
            [("id", "in", found_sudo.partner_id.ids or [0])], ["name"]
        )
        name = self._mask_name(holder_sudo.name) if found_sudo and together else ""
        return found_sudo, name

    @api.model
    def _search_public_plate(self, term):
        """Ids of the accounts with this plate now, a few at most."""
        plate = plates.normalize(term or "")
        # asked even for what no plate looks like
        vehicles_sudo = (
            self.env["toll.vehicle"]
            .sudo()
            .search_fetch(
                [
                    ("plate_normalized", "=", plate if len(plate) >= 3 else "-"),
                    ("date_to", "=", False),
                ],
                ["account_id"],
                limit=5,
            )
        )
        return vehicles_sudo.account_id.ids

    @api.model
    def _search_public_tag(self, term):
        """Ids of the accounts with this TAG now; the stock of TAGs brings them."""
        return []

    @api.model
    def _mask_name(self, name):
        """Initials: enough to know one's own, too little for others."""
        words = (name or "").split()[:3]
        return " ".join(f"{word[0]}***" for word in words) or "***"

    # Accounts opened on the web

    def _sign_up_on_web(self, data):
        """A draft account for somebody new; a word by e-mail for who is known.

        In superuser mode, with data that the page has checked. The visitor learns
        nothing about who is a customer: the answer goes to the address only.
        """
        users = self.env["res.users"].with_context(active_test=False)
        partners = self.env["res.partner"]
        known = users.search([("login", "=ilike", data["email"])], limit=1).partner_id
        known = known or partners.search(
            [
                ("email_normalized", "=", data["email"]),
                ("toll_account_ids", "!=", False),
            ],
            limit=1,
        )
        if known:
            self._mail_known_customer(known)
            return known.toll_account_ids[:1]
        company = self.env["res.company"].browse(data["company_id"])
        partner = partners.create(
            {
                "name": data["name"],
                "email": data["email"],
                "phone": data["phone"],
                "lang": data["lang"] or partners.default_get(["lang"]).get("lang"),
                "company_id": company.id,
                **self._prepare_signup_address(data, company),
            }
        )
        account = self.with_company(company).create(
            {"partner_id": partner.id, "company_id": company.id, "is_web_signup": True}
        )
        if data["plate"]:
            account._add_signup_vehicle(data)
        pages = self.env["toll.legal.page"]._get_current(company)
        versions = {page.code: page.version for page in pages}
        for purpose in ("conditions", "privacy"):
            self.env["toll.consent"]._record(
                partner,
                purpose,
                True,
                version=versions.get(purpose),
                account_id=account.id,
                company_id=company.id,
                channel="web",
                ip=data["ip"],
            )
        if data["marketing"]:
            self.env["toll.consent"]._record(
                partner,
                "marketing",
                True,
                company_id=company.id,
                channel="web",
                ip=data["ip"],
            )
        account._invite_to_portal()
        return account

    def _prepare_signup_address(self, data, company):
        """The address of the form, with the state that its postal code is in."""
        address = {key: text for key, text in data.get("address", {}).items() if text}
        if not address:
            return {}
        country = company.country_id
        found = self.env["toll.postal.code"]._look_up(country, address.get("zip"))
        return {
            **address,
            "country_id": country.id,
            "state_id": found.get("state_id", False),
            "city": address.get("city") or found.get("city", False),
        }

    def _add_signup_vehicle(self, data):
        """The vehicle of the form; one that cannot be added is for an agent to see."""
        try:
            self._portal_add_vehicle(data["plate"], data["class_id"])
        except UserError as problem:
            self._message_log(
                body=self.env._(
                    "Plate %(plate)s was not registered at the sign-up: %(why)s",
                    plate=data["plate"],
                    why=problem.args[0],
                )
            )
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Check the vehicle of a web sign-up"),
                user_id=(
                    self.company_id.toll_check_user_id
                    or self.env.ref("base.user_admin")
                ).id,
            )

    def _invite_to_portal(self):
        """A user of the virtual office, and the link to set its password."""
        self.ensure_one()
        user = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .with_company(self.company_id)
            ._create_user_from_template(
                {
                    "partner_id": self.partner_id.id,
                    "login": self.partner_id.email,
                    "email": self.partner_id.email,
                    "company_id": self.company_id.id,
                    "company_ids": [(6, 0, self.company_id.ids)],
                }
            )
        )
        user.partner_id.signup_prepare(signup_type="signup")
        template = self.env.ref("toll_account.mail_template_web_signup")
        template.with_context(lang=self.partner_id.lang).send_mail(self.id)

    def _mail_known_customer(self, partner):
        """Tell the owner of the address that somebody signed up with it."""
        template = self.env.ref("toll_account.mail_template_web_signup_known")
        template.with_context(lang=partner.lang).send_mail(partner.id)

    def _confirm_web_signup(self):
        """The person behind the e-mail address has answered: the account works."""
        for account in self.filtered(lambda a: a.is_web_signup and a.state == "draft"):
            account.action_activate(note=self.env._("E-mail address confirmed"))

    def action_view_auto_topup(self):
        self.ensure_one()
        return self.auto_topup_ids._get_records_action()
