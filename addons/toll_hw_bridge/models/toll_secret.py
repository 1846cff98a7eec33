import os
import stat
import tempfile

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import config

from odoo.addons.base.models.res_users import check_identity

from ..core import passwords
from ..queries import encoding as queries

ENVIRONMENT = "TOLL_SECRET_KEY"
OPTION = "toll_secret_key"
FILE = "toll_secret.key"
MASTER_BYTES = 32


class TollSecret(models.Model):
    """Master keys from which the passwords of the TAGs follow.

    A master key is stored encrypted with a key that is not in the database: in the
    environment (TOLL_SECRET_KEY), in the configuration (toll_secret_key) or in a file
    of the data folder that is made on first use. Several, separated by commas, decrypt;
    the first one encrypts.
    """

    _name = "toll.secret"
    _description = "Master Key of TAG Passwords"
    _order = "company_id, version desc"

    company_id = fields.Many2one("res.company", required=True, index=True)
    version = fields.Integer(required=True)
    value = fields.Char(required=True, groups=fields.NO_ACCESS, copy=False)
    is_current = fields.Boolean(string="In Use", compute="_compute_is_current")
    tag_count = fields.Integer(string="TAGs", compute="_compute_tag_count")

    _version_uniq = models.UniqueIndex(
        "(company_id, version)", "This version of the master key exists already."
    )

    @api.depends("company_id", "version")
    def _compute_display_name(self):
        for secret in self:
            secret.display_name = self.env._("Version %s", secret.version)

    @api.depends("company_id", "version")
    def _compute_is_current(self):
        latest = dict(
            self._read_group(
                [("company_id", "in", self.company_id.ids)],
                ["company_id"],
                ["version:max"],
            )
        )
        for secret in self:
            secret.is_current = secret.version == latest.get(secret.company_id)

    def _compute_tag_count(self):
        counts = {
            (company.id, version): count
            for company, version, count in self.env["stock.lot"]
            .sudo()  # how many TAGs need a key is no secret
            ._read_group(
                [("toll_secret_version", "in", self.mapped("version"))],
                ["company_id", "toll_secret_version"],
                ["__count"],
            )
        }
        for secret in self:
            secret.tag_count = counts.get((secret.company_id.id, secret.version), 0)

    # === ACTIONS === #

    @check_identity
    def action_rotate(self):
        """New TAGs get passwords of a new master key; old ones keep theirs."""
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._("Only an administrator makes a new master key.")
            )
        self._rotate(self.env.company)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === PASSWORDS === #

    @api.model
    def _current_version(self, company):
        """The version that new TAGs get; the first one is made on first use."""
        # nobody has a right to the keys: they are used for people, never shown to them
        secret_sudo = self.sudo().search([("company_id", "=", company.id)], limit=1)
        return secret_sudo.version or self._rotate(company)

    @api.model
    def _rotate(self, company):
        secrets_sudo = self.sudo()  # as above
        last = secrets_sudo.search([("company_id", "=", company.id)], limit=1)
        master = os.urandom(MASTER_BYTES)
        value = self._vault().encrypt(master).decode()
        version = last.version + 1
        self.env.execute_query(queries.insert_secret(company, version, value))
        return version

    @api.model
    def _password(self, company, version, purpose, epc):
        """The password of the TAG with this EPC."""
        secret_sudo = self.sudo().search(  # as above
            [("company_id", "=", company.id), ("version", "=", version)]
        )
        if not secret_sudo:
            raise UserError(
                self.env._("Version %s of the master key is missing.", version)
            )
        try:
            master = self._vault().decrypt(secret_sudo.value)
        except InvalidToken:
            raise UserError(
                self.env._(
                    "The master key of the TAG passwords cannot be opened: the "
                    "server's secret (TOLL_SECRET_KEY or the file %s) is not the one "
                    "it was made with. Restore it.",
                    FILE,
                )
            ) from None
        return passwords.derive(master, purpose, epc)

    # === THE KEY OUTSIDE THE DATABASE === #

    @api.model
    def _vault(self):
        text = os.environ.get(ENVIRONMENT) or config.get(OPTION) or self._key_file()
        try:
            return MultiFernet([Fernet(key.strip()) for key in text.split(",")])
        except ValueError:
            raise UserError(
                self.env._(
                    "TOLL_SECRET_KEY is not a valid key: 32 random bytes in URL-safe "
                    "Base64 are expected."
                )
            ) from None

    @api.model
    def _key_file(self):
        """The text of the key file; made on first use, for its owner only."""
        path = os.path.join(config["data_dir"], FILE)
        if not os.path.exists(path):
            # complete under another name first: another worker may be doing the same
            handle, draft = tempfile.mkstemp(dir=config["data_dir"], prefix=FILE)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(Fernet.generate_key())
                    file.flush()
                    os.fsync(file.fileno())
                self._link(draft, path)
            finally:
                os.unlink(draft)
        with open(path, encoding="ascii") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise UserError(
                    self.env._(
                        "Others may read the file %s: give it mode 0600 first.", path
                    )
                )
            return file.read()

    @api.model
    def _link(self, draft, path):
        """Give the file its name, unless another worker was faster."""
        try:
            os.link(draft, path)
            return True
        except FileExistsError:
            return False
