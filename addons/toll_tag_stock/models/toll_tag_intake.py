from odoo import api, models
from odoo.exceptions import UserError

from ..core.epc import make_epc
from ..core.errors import TagDataError
from ..core.serials import LineError
from .tag_messages import line_messages


class TollTagIntake(models.AbstractModel):
    """TAGs that come from the supplier: checked, created, received as one transfer."""

    _name = "toll.tag.intake"
    _description = "TAG Reception"

    @api.model
    def _complete(self, rows, product):
        """(rows, errors): the rows with the EPC that the product's scheme gives."""
        complete, errors = [], []
        scheme, prefix = product.toll_epc_scheme, product.toll_company_prefix
        for row in rows:
            if not row.epc:
                try:
                    row = row._replace(epc=make_epc(scheme, row.number, prefix))
                except TagDataError as error:
                    errors.append(LineError(row.line, error.code, error.params))
                    continue
            complete.append(row)
        return complete, errors

    @api.model
    def _existing(self, rows):
        """Errors for the numbers and codes that other TAGs already have.

        A number is unique over all companies, so the look-up is too.
        """
        errors = []
        lots_sudo = self.env["stock.lot"].sudo().with_context(active_test=False)
        for attribute, field, code in (
            ("number", "name", "number_exists"),
            ("epc", "toll_epc", "epc_exists"),
            ("tid", "toll_tid", "tid_exists"),
        ):
            lines = {
                getattr(row, attribute): row.line
                for row in rows
                if getattr(row, attribute)
            }
            found = lots_sudo.search_fetch(
                [(field, "in", list(lines)), ("toll_state", "!=", False)], [field]
            )
            told = {error.line for error in errors}
            errors += [
                LineError(lines[lot[field]], code, {"value": lot[field]})
                for lot in found
                if lines[lot[field]] not in told
            ]
        return errors

    @api.model
    def _check(self, rows, product):
        """(complete rows, sentences about the lines that cannot be received)."""
        rows, errors = self._complete(rows, product)
        errors += self._existing(rows)
        return rows, line_messages(self.env, errors)

    @api.model
    def _receive(self, rows, product, location, partner=None, origin=None):
        """Create the TAGs of these rows and receive them; returns the transfer."""
        rows, problems = self._check(rows, product)
        if problems:
            raise UserError("\n".join(problems[:50]))
        if not rows:
            raise UserError(self.env._("There is no TAG to receive."))
        company = location.company_id or self.env.company
        lots = (
            self.env["stock.lot"]
            .with_context(tracking_disable=True, mail_create_nolog=True)
            .create(
                [
                    {
                        "name": row.number,
                        "product_id": product.id,
                        "company_id": company.id,
                        "toll_epc": row.epc,
                        "toll_tid": row.tid,
                    }
                    for row in rows
                ]
            )
            .with_context(tracking_disable=False, mail_create_nolog=False)
        )
        transfer = self.env["toll.tag.transfer"].with_company(company)
        warehouse = transfer._warehouse(location, company)
        picking = transfer._move(
            lots,
            company._toll_outside_location("supplier", partner),
            location,
            warehouse.in_type_id,
            partner or self.env["res.partner"],
            origin or f"{rows[0].number} – {rows[-1].number}",
        )
        picking.message_post(body=self.env._("%s TAGs received", len(lots)))
        return picking
