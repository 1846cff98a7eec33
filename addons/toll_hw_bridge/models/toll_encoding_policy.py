from odoo import api, fields, models
from odoo.exceptions import ValidationError

LOCKS = [("open", "Open"), ("locked", "Locked"), ("perma", "Locked for Ever")]
BANKS = ("epc", "access", "kill", "user")


class TollEncodingPolicy(models.Model):
    _name = "toll.encoding.policy"
    _description = "TAG Encoding Policy"
    _inherit = ["mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    access_password = fields.Selection(
        [("none", "None"), ("derived", "Derived from the Master Key")],
        required=True,
        default="derived",
        tracking=True,
        help="Who knows it may write the TAG. Each TAG has its own.",
    )
    kill_password = fields.Selection(
        [("none", "None"), ("derived", "Derived from the Master Key")],
        required=True,
        default="derived",
        tracking=True,
        help="Who knows it may silence the TAG for ever. Each TAG has its own.",
    )
    lock_epc = fields.Selection(
        LOCKS, string="Lock EPC", required=True, default="locked", tracking=True
    )
    lock_access = fields.Selection(
        LOCKS,
        string="Lock Access Password",
        required=True,
        default="locked",
        tracking=True,
    )
    lock_kill = fields.Selection(
        LOCKS,
        string="Lock Kill Password",
        required=True,
        default="locked",
        tracking=True,
    )
    lock_user = fields.Selection(
        LOCKS, string="Lock User Memory", required=True, default="open", tracking=True
    )
    write_class = fields.Boolean(
        string="Write the Vehicle's Class",
        tracking=True,
        help="Into the user memory, with a version and a checksum, where the class is "
        "known: that of the TAG's vehicle, else that of the batch.",
    )
    has_perma_lock = fields.Boolean(compute="_compute_has_perma_lock")
    product_ids = fields.One2many(
        "product.template", "toll_encoding_policy_id", string="Products"
    )

    @api.depends(*[f"lock_{bank}" for bank in BANKS])
    def _compute_has_perma_lock(self):
        for policy in self:
            policy.has_perma_lock = "perma" in policy._locks().values()

    @api.constrains("access_password", *[f"lock_{bank}" for bank in BANKS])
    def _check_access_password(self):
        for policy in self:
            if policy.access_password == "none" and policy._prepare_lock():
                raise ValidationError(
                    self.env._(
                        "%(policy)s: a lock without an access password keeps nobody "
                        "out. Choose a password, or leave everything open.",
                        policy=policy.name,
                    )
                )

    def _locks(self):
        self.ensure_one()
        return {bank: self[f"lock_{bank}"] for bank in BANKS}

    def _prepare_lock(self):
        """The locks as agents read them; None when everything stays open."""
        locks = self._locks() if self else {}
        return locks if set(locks.values()) - {"open"} else None
