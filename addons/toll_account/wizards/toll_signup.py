from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ..core import numbers, plates

PERSON = (
    "name",
    "is_company",
    "vat",
    "email",
    "phone",
    "street",
    "zip",
    "city",
    "state_id",
    "country_id",
    "lang",
)


class TollSignup(models.TransientModel):
    """One screen from a person at the counter to an account that works."""

    _name = "toll.signup"
    _description = "Sign-up"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    request_id = fields.Many2one("toll.request")
    state = fields.Selection([("draft", "Draft"), ("done", "Done")], default="draft")

    partner_id = fields.Many2one("res.partner", string="Customer")
    name = fields.Char()
    is_company = fields.Boolean(string="Is a Company")
    vat = fields.Char(string="Tax ID")
    email = fields.Char(string="E-mail")
    phone = fields.Char(string="Telephone")
    street = fields.Char()
    zip = fields.Char(string="Postal Code")
    city = fields.Char()
    country_id = fields.Many2one(
        "res.country", default=lambda self: self.env.company.country_id
    )
    state_id = fields.Many2one(
        "res.country.state",
        string="Federal State",
        domain="[('country_id', '=', country_id)]",
    )
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        default=lambda self: self.env.lang,
    )
    duplicate_ids = fields.Many2many(
        "res.partner", compute="_compute_duplicate_ids", string="Known Customers"
    )
    is_same = fields.Boolean(
        string="It is the same customer",
        help="Opens one more account for the customer that is known already.",
    )

    plan_id = fields.Many2one(
        "toll.plan",
        required=True,
        default=lambda self: self._default_plan_id(),
        domain="[('company_id', 'in', (False, company_id))]",
    )
    payment_mode = fields.Selection(related="plan_id.payment_mode")
    condition_id = fields.Many2one(
        "toll.contract.condition",
        string="Conditions",
        compute="_compute_condition_id",
    )
    condition_body = fields.Html(related="condition_id.body", string="Conditions Text")
    office_id = fields.Many2one(
        "toll.office",
        default=lambda self: self.env["toll.account"]._default_office_id(),
        domain="[('company_id', '=', company_id)]",
    )
    line_ids = fields.One2many("toll.signup.line", "signup_id", string="Vehicles")

    amount = fields.Monetary(
        string="First Top-up", compute="_compute_amount", store=True, readonly=False
    )
    method = fields.Selection(
        [("cash", "Cash"), ("card", "Card"), ("transfer", "Transfer")],
        string="Means of Payment",
        required=True,
        default="cash",
    )
    document = fields.Char(
        string="Voucher", help="Number of the card slip or of the bank transfer."
    )
    ref = fields.Char(
        string="Reference",
        readonly=True,
        default=lambda self: self.env["toll.topup"]._default_ref(),
    )
    signed_by = fields.Char()
    signature = fields.Binary()
    signed_how = fields.Selection(
        [("later", "Later"), ("screen", "On screen"), ("paper", "On paper")],
        string="Signature of the Contract",
        required=True,
        default="paper",
    )

    account_id = fields.Many2one("toll.account", readonly=True)
    contract_id = fields.Many2one("contract.contract", readonly=True)
    payment_id = fields.Many2one("account.payment", readonly=True)
    balance = fields.Monetary(related="account_id.balance")

    @api.model
    def _default_plan_id(self):
        return self.env["toll.plan"].search(
            [("company_id", "in", (False, self.env.company.id))], limit=1
        )

    # Computes

    @api.onchange("zip", "country_id")
    def _onchange_zip(self):
        """A postal code says where it is."""
        found = self.env["toll.postal.code"]._look_up(self.country_id, self.zip)
        if found:
            self.state_id = found["state_id"] or self.state_id
            self.city = self.city or found["city"]

    @api.depends("plan_id")
    def _compute_amount(self):
        for signup in self:
            signup.amount = max(signup.amount, signup.plan_id.topup_min)

    @api.depends("plan_id", "company_id")
    def _compute_condition_id(self):
        conditions = self.env["toll.contract.condition"]
        for signup in self:
            signup.condition_id = conditions._get_in_force(
                signup.company_id, signup.plan_id
            )

    @api.depends("vat", "email", "phone", "partner_id")
    def _compute_duplicate_ids(self):
        for signup in self:
            domain = signup._duplicate_domain()
            signup.duplicate_ids = (
                self.env["res.partner"].search(domain, limit=5)
                if domain and not signup.partner_id
                else False
            )

    def _duplicate_domain(self):
        """Who has the same tax id, e-mail or telephone."""
        domains = []
        if len((self.vat or "").strip()) >= 6:
            domains.append(Domain("vat", "=ilike", self.vat.strip()))
        email = email_normalize(self.email or "")
        if email:
            domains.append(Domain("email_normalized", "=", email))
        digits = numbers.digits(self.phone)
        if len(digits) >= 7:
            accounts = self.env["toll.account"].search(
                [("phone_digits", "like", digits[-10:])], limit=5
            )
            domains.append(Domain("id", "in", accounts.partner_id.ids))
        return Domain.OR(domains) if domains else None

    @api.onchange("is_same")
    def _onchange_is_same(self):
        if self.is_same and self.duplicate_ids:
            self.partner_id = self.duplicate_ids[0]._origin
            self.is_same = False

    @api.onchange("country_id")
    def _onchange_country_id(self):
        if self.state_id.country_id != self.country_id:
            self.state_id = False

    # Actions

    def action_confirm(self):
        """Open the account. A second click shows the one that was opened."""
        self.ensure_one()
        self.lock_for_update()
        if not self.account_id:
            self._open()
        return self._reload()

    def _open(self):
        account = (
            self.env["toll.account"]
            .with_company(self.company_id)
            ._sign_up(self._prepare_sign_up_vals())
        )
        self.write(
            {
                "account_id": account.id,
                # the agent reads the contract and the payment by their rules
                "contract_id": account.sudo().contract_ids[:1].id,
                "payment_id": account.sudo().payment_ids[:1].id,
                "state": "done",
            }
        )
        request = self.request_id
        if request:
            # the account answers the request that asked for it
            request.write(
                {
                    "account_id": account.id,
                    "resolution": request.resolution
                    or self.env._("Account %s is open.", account.number),
                }
            )
            request.action_done()

    def _prepare_sign_up_vals(self):
        if self.signed_how == "screen" and not self.signature:
            raise UserError(
                self.env._("Signature: let the customer sign, or choose “Later”.")
            )
        person = {field: self[field] for field in PERSON}
        for field in ("state_id", "country_id"):
            person[field] = self[field].id
        holder = self.partner_id.name or self.name
        return {
            "partner_id": self.partner_id.id,
            "partner": person,
            "plan_id": self.plan_id.id,
            "account": {
                "company_id": self.company_id.id,
                "office_id": self.office_id.id,
            },
            "vehicles": [line._prepare_vehicle_vals() for line in self.line_ids],
            "topup": {
                "amount": self.amount,
                "method": self.method,
                "ref": self.ref,
                "document": self.document,
            },
            "signature": {
                "name": self.signed_how != "later" and (self.signed_by or holder),
                "image": self.signature,
                "how": self.signed_how,
            },
        }

    def _reload(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "name": self.env._("Sign-up"),
            "target": "current",
        }

    def action_print_contract(self):
        self.ensure_one()
        return self.contract_id.action_toll_print()

    def action_print_receipt(self):
        self.ensure_one()
        return self.payment_id.action_toll_print_receipt()

    def action_view_account(self):
        self.ensure_one()
        return self.account_id._get_records_action()

    def action_next(self):
        """The next person in the queue."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_signup_action"
        )


class TollSignupLine(models.TransientModel):
    _name = "toll.signup.line"
    _description = "Vehicle of a Sign-up"

    signup_id = fields.Many2one("toll.signup", required=True, ondelete="cascade")
    plate = fields.Char(required=True)
    country_id = fields.Many2one(
        "res.country", required=True, default=lambda self: self.env.company.country_id
    )
    state_id = fields.Many2one(
        "res.country.state",
        string="Federal State",
        domain="[('country_id', '=', country_id)]",
    )
    class_id = fields.Many2one(
        "toll.vehicle.class",
        required=True,
        default=lambda self: self._default_class_id(),
    )
    make = fields.Char()
    model = fields.Char()
    color = fields.Char()
    problem = fields.Char(compute="_compute_problem")

    @api.model
    def _default_class_id(self):
        """A car: what most people come with."""
        classes = self.env["toll.vehicle.class"]
        car = self.env.ref(
            "toll_account.toll_vehicle_class_auto", raise_if_not_found=False
        )
        return car or classes.search([], limit=1)

    @api.depends("plate", "country_id")
    def _compute_problem(self):
        accounts = self.env["toll.account"]
        for line in self:
            plate = plates.normalize(line.plate or "")
            done = line.signup_id.state == "done"
            holder = (
                accounts._find_plate(plate, line.country_id.id)
                if plate and not done
                else None
            )
            line.problem = holder and self.env._(
                "Belongs to account %s", holder.account_id.number
            )

    def _prepare_vehicle_vals(self):
        self.ensure_one()
        return {
            "plate": self.plate,
            "country_id": self.country_id.id,
            "state_id": self.state_id.id,
            "class_id": self.class_id.id,
            "make": self.make,
            "model": self.model,
            "color": self.color,
        }
