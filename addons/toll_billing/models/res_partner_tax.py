from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ..core.tax_id import clean_tax_id, is_tax_id

#: Longest text of each part of what an invoice says about its customer.
TAX_DATA = {
    "name": 120,
    "vat": 32,
    "street": 120,
    "zip": 12,
    "city": 60,
    "country_id": 10,
    "email": 120,
}


class ResPartner(models.Model):
    """What an invoice says about its customer, as people write it on the web."""

    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    def _toll_get_tax_data(self):
        """The data as they will be printed, by the names of the form's fields."""
        partner = self[:1]
        data = {name: partner[name] or "" for name in TAX_DATA}
        data["country_id"] = partner.country_id.id or ""
        return data

    @api.model
    def _toll_read_tax_data(self, form, company):
        """Values to write from what somebody wrote; raise at once all that is wrong."""
        values = {
            name: " ".join(str(form.get(name) or "").split())[:size]
            for name, size in TAX_DATA.items()
        }
        values["vat"] = clean_tax_id(values["vat"])
        number = values["country_id"]
        number = int(number) if number.isascii() and number.isdigit() else 0
        number = number if number < 2**31 else 0
        country = self.env["res.country"].browse(number).exists()
        values["country_id"] = country.id
        problems = self._toll_tax_problems(values, country, company)
        if problems:
            raise UserError("\n".join(problems))
        return values

    @api.model
    def _toll_tax_problems(self, values, country, company):
        problems = []
        if len(values["name"]) < 2:
            problems.append(self.env._("Please write the name for the invoice."))
        if not country:
            problems.append(self.env._("Please choose the country."))
        if company.toll_tax_id_required and not values["vat"]:
            problems.append(self.env._("Please write the tax id."))
        elif values["vat"] and not is_tax_id(values["vat"], country.code):
            problems.append(
                self.env._(
                    "“%(number)s” is not a tax id of %(country)s: please check it "
                    "letter by letter.",
                    number=values["vat"],
                    country=country.name or "-",
                )
            )
        if company.toll_tax_id_required and len(values["zip"]) < 3:
            problems.append(self.env._("Please write the postcode."))
        if not email_normalize(values["email"]):
            problems.append(self.env._("Please write your e-mail address."))
        return problems


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    def _save_tax_data(self, form):
        """Take over what the customer wrote, as far as the portal's rules go.

        Name and tax id of who has invoices stay (a missing tax id may be added); what
        changed stands in the account's history, as when an agent changes it.
        """
        self.ensure_one()
        partner = self.partner_id
        form = dict(form)
        if not partner.can_edit_vat():
            form["name"] = partner.name
            form["vat"] = partner.vat or form.get("vat")
        values = partner._toll_read_tax_data(form, self.company_id)
        before = partner._toll_get_tax_data()
        changed = {
            name: value
            for name, value in values.items()
            if (value or False) != (before[name] or False)
        }
        if partner.parent_id:
            # of a person in a company the data are the company's
            for name in ("vat", "toll_fiscal_regime_id", "toll_fiscal_use_id"):
                changed.pop(name, None)
        if changed:
            self._change_customer_data(
                changed, self.env._("Written in the virtual office for an invoice")
            )
