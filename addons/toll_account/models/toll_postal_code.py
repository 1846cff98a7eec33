from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import postal
from ..queries import postal_code as queries

MANAGER = "toll_account.group_toll_manager"


class TollPostalCode(models.Model):
    """The postal register: what belongs to a code. One row per settlement of it.

    Rows come from the register's file, in single statements.
    """

    _name = "toll.postal.code"
    _description = "Postal Code"
    _order = "country_id, code, settlement, id"
    _rec_name = "code"

    country_id = fields.Many2one("res.country", required=True, index=True)
    code = fields.Char(string="Postal Code", required=True)
    state_id = fields.Many2one(
        "res.country.state", string="Federal State", index="btree_not_null"
    )
    state = fields.Char(string="State as Published")
    municipality = fields.Char()
    settlement = fields.Char(help="Colonia, barrio, village.")
    settlement_type = fields.Char()
    city = fields.Char()

    _place_uniq = models.UniqueIndex(
        "(country_id, code, municipality, settlement, settlement_type)",
        "The register has this settlement already.",
    )

    @api.model
    def _look_up(self, country, code):
        """What a form may fill in for a code; nothing where it is not known."""
        # the register is public; whoever types an address may use it
        rows_sudo = self.sudo().search(
            [("country_id", "=", country.id), ("code", "=", (code or "").strip())]
        )
        if not rows_sudo:
            return {}
        first = rows_sudo[0]
        return {
            "state_id": first.state_id.id,
            "state": first.state_id.name or first.state or "",
            "municipality": first.municipality or "",
            "city": first.city or first.municipality or "",
            "settlements": [
                name for name in dict.fromkeys(rows_sudo.mapped("settlement")) if name
            ],
        }

    @api.model
    def _load(self, content, country, filename=""):
        """Load a register's file: (lines, new, changed, gone)."""
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only managers load the postal register."))
        try:
            text, count = postal.copy_text(postal.read(content, country.code or ""))
        except postal.PostalError as error:
            raise UserError(self._error_words(error)) from None
        if not count:
            raise UserError(self.env._("The file has no lines."))
        self.env.flush_all()
        self.env.cr.execute(queries.create_stage())
        self.env.cr.copy_expert(queries.copy_stage(), text)
        [(lost,)] = self.env.execute_query(queries.resolve())
        if lost:
            raise UserError(
                self.env._("%s lines name a country that there is not.", lost)
            )
        [(new, changed, gone)] = self.env.execute_query(queries.merge(self.env.uid))
        self.env.cr.execute(queries.drop_stage())
        self.invalidate_model()
        self.env["toll.setting.log"]._write_rows(
            [
                {
                    "model": self._name,
                    "kind": self._description,
                    "record_name": filename,
                    "field": self.env._("loaded"),
                    "new_value": f"{count}: +{new} ~{changed} -{gone}",
                }
            ]
        )
        return count, new, changed, gone

    @api.model
    def _error_words(self, error):
        words = {"line": error.line, "value": error.value}
        env = self.env
        return {
            "missing_column": env._("Column “%(value)s” is missing", **words),
            "short_line": env._("Line %(line)s is cut off: %(value)s", **words),
            "bad_code": env._("Line %(line)s: “%(value)s” is no postal code", **words),
            "not_utf8": env._("The file is not UTF-8 text: save it as CSV UTF-8."),
        }[error.code]
