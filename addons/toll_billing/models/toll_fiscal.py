from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import fiscal


class TollFiscalRegime(models.Model):
    """A tax regime, as the Mexican tax office lists them (c_RegimenFiscal)."""

    _name = "toll.fiscal.regime"
    _description = "Tax Regime"
    _order = "code"

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    is_person = fields.Boolean(string="For Persons")
    is_company = fields.Boolean(string="For Companies")
    use_ids = fields.Many2many("toll.fiscal.use", string="Uses of Invoices")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "There is such a regime already.")

    @api.depends("code", "name")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.code} {record.name}"

    @api.model
    def _search_display_name(self, operator, value):
        if operator in ("ilike", "like", "="):
            return ["|", ("code", operator, value), ("name", operator, value)]
        return super()._search_display_name(operator, value)

    def _suits(self, kind):
        """May the holder of such a tax id have this regime?"""
        self.ensure_one()
        if kind == "generic":
            return self.code == fiscal.GENERIC_REGIME
        return {"person": self.is_person, "company": self.is_company}.get(kind, False)


class TollFiscalUse(models.Model):
    """What an invoice is used for, as the Mexican tax office lists it (c_UsoCFDI)."""

    _name = "toll.fiscal.use"
    _description = "Use of an Invoice"
    _order = "code"

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    is_person = fields.Boolean(string="For Persons")
    is_company = fields.Boolean(string="For Companies")
    regime_ids = fields.Many2many("toll.fiscal.regime", string="Regimes")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "There is such a use already.")

    @api.depends("code", "name")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.code} {record.name}"

    @api.model
    def _search_display_name(self, operator, value):
        if operator in ("ilike", "like", "="):
            return ["|", ("code", operator, value), ("name", operator, value)]
        return super()._search_display_name(operator, value)

    def _suits(self, kind, regime):
        """May an invoice of this regime's holder be used for it?"""
        self.ensure_one()
        right = {"person": self.is_person, "company": self.is_company}.get(kind, True)
        return right and regime in self.regime_ids


class ResPartner(models.Model):
    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    toll_fiscal_regime_id = fields.Many2one(
        "toll.fiscal.regime", string="Tax Regime", index="btree_not_null"
    )
    toll_fiscal_use_id = fields.Many2one(
        "toll.fiscal.use",
        string="Use of Invoices",
        index="btree_not_null",
        domain="[('regime_ids', '=?', toll_fiscal_regime_id)]",
    )

    @api.model
    def _commercial_fields(self):
        return [
            *super()._commercial_fields(),
            "toll_fiscal_regime_id",
            "toll_fiscal_use_id",
        ]

    @api.constrains("toll_fiscal_regime_id", "toll_fiscal_use_id", "vat", "country_id")
    def _check_toll_fiscal(self):
        for partner in self:
            regime, use = partner.toll_fiscal_regime_id, partner.toll_fiscal_use_id
            abroad = partner.country_id and partner.country_id.code != "MX"
            if abroad or not (regime or use):
                continue
            kind = fiscal.kind_of(partner.vat, partner.country_id.code)
            if not partner.vat:
                kind = None  # it may come later
            problem = self._toll_fiscal_problem(kind, regime, use)
            if problem:
                raise ValidationError(problem)

    @api.model
    def _toll_fiscal_problem(self, kind, regime, use):
        """Why regime and use do not fit a tax id or each other; empty: they do."""
        if regime and kind and not regime._suits(kind):
            return self.env._(
                "Regime %(regime)s is not for the holder of this tax id.",
                regime=regime.display_name,
            )
        if regime and use and not use._suits(kind, regime):
            return self.env._(
                "Use %(use)s is not for regime %(regime)s. It may be: %(uses)s.",
                use=use.display_name,
                regime=regime.display_name,
                uses=", ".join(
                    other.code
                    for other in regime.use_ids.sorted("code")
                    if other._suits(kind, regime)
                ),
            )
        return ""

    def _toll_get_fiscal(self):
        """(regime, use) for an invoice: generic tax ids have those of everybody."""
        partner = self.commercial_partner_id
        if fiscal.kind_of(partner.vat, partner.country_id.code) == "generic":
            return self._toll_find_fiscal(fiscal.GENERIC_REGIME, fiscal.GENERIC_USE)
        return partner.toll_fiscal_regime_id, partner.toll_fiscal_use_id

    @api.model
    def _toll_find_fiscal(self, regime, use):
        # the tax office's catalogues are public
        regimes_sudo = self.env["toll.fiscal.regime"].sudo()
        uses_sudo = self.env["toll.fiscal.use"].sudo()
        return (
            regimes_sudo.search([("code", "=", str(regime or "")[:8])], limit=1),
            uses_sudo.search([("code", "=", str(use or "")[:8])], limit=1),
        )

    # === ON THE WEB === #
    def _toll_get_tax_data(self):
        data = super()._toll_get_tax_data()
        partner = self[:1].commercial_partner_id
        return {
            **data,
            "regime": partner.toll_fiscal_regime_id.code or "",
            "use": partner.toll_fiscal_use_id.code or "",
            "toll_fiscal_regime_id": partner.toll_fiscal_regime_id.id,
            "toll_fiscal_use_id": partner.toll_fiscal_use_id.id,
        }

    @api.model
    def _toll_read_tax_data(self, form, company):
        values = super()._toll_read_tax_data(form, company)
        if not company._toll_needs_fiscal():
            return values
        country = self.env["res.country"].browse(values["country_id"])
        kind = fiscal.kind_of(values["vat"], country.code)
        if kind == "generic":
            regime, use = fiscal.GENERIC_REGIME, fiscal.GENERIC_USE
        else:
            regime, use = form.get("regime"), form.get("use")
        regime, use = self._toll_find_fiscal(regime, use)
        if not regime:
            raise UserError(self.env._("Please choose your tax regime."))
        if not use:
            raise UserError(self.env._("Please choose what the invoice is used for."))
        problem = self._toll_fiscal_problem(kind, regime, use)
        if problem:
            raise UserError(problem)
        return {
            **values,
            "toll_fiscal_regime_id": regime.id,
            "toll_fiscal_use_id": use.id,
        }

    @api.model
    def _toll_fiscal_choices(self, company):
        """What the form offers: regimes and uses, as far as the company needs them."""
        if not company._toll_needs_fiscal():
            return {"regimes": [], "uses": []}
        # the tax office's catalogues are public
        return {
            "regimes": self.env["toll.fiscal.regime"]
            .sudo()
            .search([("active", "=", True)]),
            "uses": self.env["toll.fiscal.use"].sudo().search([("active", "=", True)]),
        }


class ResCompany(models.Model):
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    def _toll_needs_fiscal(self):
        """Do invoices say the customer's regime and use? In Mexico they do."""
        self.ensure_one()
        country = self.account_fiscal_country_id or self.country_id
        return country.code == "MX"


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    toll_fiscal_regime_id = fields.Many2one(
        "toll.fiscal.regime",
        string="Tax Regime",
        help="The customer's, as the tax office wants it on the invoice. Empty: as the "
        "customer has it when the invoice is posted.",
    )
    toll_fiscal_use_id = fields.Many2one(
        "toll.fiscal.use",
        string="Use of the Invoice",
        domain="[('regime_ids', '=?', toll_fiscal_regime_id)]",
    )
    toll_fiscal_zip = fields.Char(
        string="Tax Postcode", compute="_compute_toll_fiscal_zip"
    )

    @api.depends("commercial_partner_id.zip", "toll_fiscal_regime_id")
    def _compute_toll_fiscal_zip(self):
        for move in self:
            partner = move.commercial_partner_id
            place = partner
            if fiscal.kind_of(partner.vat, partner.country_id.code) == "generic":
                # of whom everybody stands for, the place is the issuer's
                place = move.company_id
            move.toll_fiscal_zip = move.toll_fiscal_regime_id and place.zip

    def _post(self, soft=True):
        for move in self:
            if move.is_sale_document() and move.company_id._toll_needs_fiscal():
                regime, use = move.partner_id._toll_get_fiscal()
                move.toll_fiscal_regime_id = move.toll_fiscal_regime_id or regime
                move.toll_fiscal_use_id = move.toll_fiscal_use_id or use
        return super()._post(soft)


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    def _get_partner_shape(self, partner):
        """Invoices of one shape have one regime and one use."""
        shape, shipping, unusual = super()._get_partner_shape(partner)
        if self.env.company._toll_needs_fiscal():
            regime, use = partner._toll_get_fiscal()
            shape = (*shape, regime.id, use.id)
        return shape, shipping, unusual
