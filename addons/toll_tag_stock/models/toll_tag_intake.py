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
    def _receive(
        self,
        rows,
        product,
        location,
        partner=None,
        origin=None,
        supply_vals=None,
        receipt=None,
    ):
        """Create the TAGs of these rows as one box and receive them.

        ``receipt`` is the incoming transfer that expects them; without one a transfer
        is made. Returns the transfer.
        """
        rows, problems = self._check(rows, product)
        if problems:
            raise UserError("\n".join(problems[:50]))
        if not rows:
            raise UserError(self.env._("There is no TAG to receive."))
        move = self._expected_move(receipt, product, len(rows)) if receipt else None
        company = location.company_id or self.env.company
        partner = partner or (receipt and receipt.partner_id)
        supply = self.env["toll.tag.supply"].create(
            self._prepare_supply_vals(
                rows, product, company, partner, origin, supply_vals or {}, move
            )
        )
        lots = self._create_lots(rows, product, company, supply)
        if move:
            picking = self._receive_expected(receipt, move, lots, location)
        else:
            transfer = self.env["toll.tag.transfer"].with_company(company)
            picking = transfer._move(
                lots,
                company._toll_outside_location("supplier", partner),
                location,
                transfer._warehouse(location, company).in_type_id,
                partner or self.env["res.partner"],
                origin or f"{rows[0].number} – {rows[-1].number}",
            )
        supply.picking_id = picking
        picking.message_post(
            body=self.env._(
                "%(count)s TAGs received in box %(box)s",
                count=len(lots),
                box=supply.name,
            )
        )
        return picking

    @api.model
    def _create_lots(self, rows, product, company, supply):
        return (
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
                        "toll_supply_id": supply.id,
                    }
                    for row in rows
                ]
            )
            .with_context(tracking_disable=False, mail_create_nolog=False)
        )

    @api.model
    def _prepare_supply_vals(
        self, rows, product, company, partner, origin, supply_vals, move
    ):
        order_line = move and move.purchase_line_id
        vals = {
            "product_id": product.id,
            "company_id": company.id,
            "partner_id": partner.commercial_partner_id.id if partner else False,
            "origin": origin or (move and move.picking_id.origin) or False,
            "purchase_line_id": order_line and order_line.id,
            "unit_cost": order_line.price_unit_product_uom
            if order_line
            else product.with_company(company).standard_price,
            "warranty_months": product.toll_warranty_months,
            "first_number": rows[0].number,
            "last_number": rows[-1].number,
        }
        return vals | {key: value for key, value in supply_vals.items() if value}

    # === AGAINST AN ORDER === #

    @api.model
    def _expected_move(self, receipt, product, count):
        """The move of an incoming transfer that waits for so many of these TAGs."""
        moves = receipt.move_ids.filtered(
            lambda move: (
                move.product_id == product and move.state not in ("done", "cancel")
            )
        )
        if receipt.picking_type_code != "incoming" or not moves:
            raise UserError(
                self.env._(
                    "%(receipt)s does not wait for %(product)s.",
                    receipt=receipt.name,
                    product=product.display_name,
                )
            )
        expected = moves[0].product_uom_qty
        if count > expected:
            raise UserError(
                self.env._(
                    "%(receipt)s waits for %(expected)d TAGs and %(count)d were given: "
                    "correct the list, or the order first.",
                    receipt=receipt.name,
                    expected=expected,
                    count=count,
                )
            )
        return moves[0]

    @api.model
    def _receive_expected(self, receipt, move, lots, location):
        """Receive these TAGs on the transfer that expects them; the rest waits on."""
        move.move_line_ids.unlink()
        values = self.env["toll.tag.transfer"]._prepare_move_vals(
            lots, move.location_id, location, receipt
        )
        move.move_line_ids = values["move_line_ids"]
        move.picked = True
        receipt._action_done()
        return receipt
