import base64
import csv
import io

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..core.cells import safe_cell
from .toll_tag_life import MANAGER
from .toll_tag_rma import OUTCOMES


class TollTagClaim(models.Model):
    """Defective TAGs sent back to their supplier under warranty, as one batch."""

    _name = "toll.tag.claim"
    _description = "Warranty Claim"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _guarded = frozenset({"state", "sent_at", "picking_ids", "rma_ids"})

    name = fields.Char(
        string="Claim",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self._default_name(),
    )
    partner_id = fields.Many2one(
        "res.partner", string="Supplier", required=True, index=True, tracking=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    supplier_ref = fields.Char(string="Supplier's Reference", tracking=True)
    rma_ids = fields.One2many("toll.tag.rma", "claim_id", string="TAGs")
    tag_count = fields.Integer(string="Number of TAGs", compute="_compute_counts")
    open_count = fields.Integer(string="Not Answered", compute="_compute_counts")
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_claimed = fields.Monetary(
        compute="_compute_counts", help="What the claimed TAGs had cost."
    )
    amount_credited = fields.Monetary(tracking=True)
    sent_at = fields.Datetime(string="Sent", readonly=True)
    picking_ids = fields.Many2many("stock.picking", string="Transfers", readonly=True)
    state = fields.Selection(
        [("draft", "Draft"), ("sent", "Sent"), ("closed", "Closed")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )

    @api.model
    def _default_name(self):
        return self.env["ir.sequence"].sudo().next_by_code("toll.tag.claim")

    @api.depends("rma_ids.outcome", "rma_ids.supply_id.unit_cost")
    def _compute_counts(self):
        for claim in self:
            claim.tag_count = len(claim.rma_ids)
            claim.open_count = len(claim.rma_ids.filtered(lambda rma: not rma.outcome))
            claim.amount_claimed = sum(rma.supply_id.unit_cost for rma in claim.rma_ids)

    @api.model
    def _open_for(self, partner, company):
        """The draft claim that collects this supplier's TAGs."""
        domain = Domain("partner_id", "=", partner.id) & Domain("state", "=", "draft")
        claims = self.sudo()
        return claims.search(
            domain & Domain("company_id", "=", company.id), limit=1
        ) or claims.create({"partner_id": partner.id, "company_id": company.id})

    def _show(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Warranty Claims"),
            "res_model": self._name,
            "view_mode": "form" if len(self) == 1 else "list,form",
            "res_id": self.id if len(self) == 1 else False,
            "domain": [("id", "in", self.ids)],
        }

    def _authorized(self, state):
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only a manager sends and answers warranty claims.")
            )
        return self._take(state)

    def action_send(self):
        """The TAGs leave for the supplier; his list is attached to the claim."""
        for claim in self._authorized("draft"):
            if not claim.rma_ids:
                raise UserError(self.env._("There is no TAG on claim %s.", claim.name))
            place = claim._get_place()
            if place:
                claim.picking_ids = (
                    self.env["toll.tag.transfer"]
                    .sudo()
                    ._relocate(claim.rma_ids.lot_id, place, claim.name)
                )
            claim.rma_ids.write({"state": "claimed"})
            claim.write({"state": "sent", "sent_at": fields.Datetime.now()})
            claim.message_post(
                body=self.env._("Sent to the supplier"),
                attachments=[(f"{claim.name}.csv", claim._get_csv())],
            )
        return True

    def _get_place(self):
        """The location that stands for this supplier's repair, if there is one."""
        places = self.env["stock.location"].sudo()
        domain = [
            ("toll_place_kind", "=", "supplier_rma"),
            ("company_id", "=", self.company_id.id),
        ]
        return places.search(
            [*domain, ("toll_partner_id", "=", self.partner_id.id)], limit=1
        ) or places.search([*domain, ("toll_partner_id", "=", False)], limit=1)

    def answer(self, outcome, rmas=None):
        """The supplier's word on these TAGs of the claim (default: all still open)."""
        if outcome not in dict(OUTCOMES):
            raise UserError(self.env._("Unknown answer: %s", outcome))
        for claim in self._authorized("sent"):
            chosen = claim.rma_ids.filtered(lambda rma: not rma.outcome)
            if rmas is not None:
                ids = rmas.ids if isinstance(rmas, models.BaseModel) else list(rmas)
                chosen = chosen.filtered(lambda rma, ids=ids: rma.id in ids)
            if outcome == "refused":
                # ours again: back on the bench, to be scrapped
                chosen.write({"outcome": outcome, "state": "tested"})
            else:
                reason = self.env.ref("toll_tag_stock.toll_tag_scrap_reason_warranty")
                if chosen:
                    chosen.lot_id.toll_retire(claim.name, reason)
                chosen.write({"outcome": outcome, "decision": "warranty"})
            if outcome == "credited":
                claim.amount_credited += sum(rma.supply_id.unit_cost for rma in chosen)
        return True

    def action_credit_all(self):
        return self.answer("credited")

    def action_replace_all(self):
        return self.answer("replaced")

    def action_refuse_all(self):
        return self.answer("refused")

    def action_close(self):
        for claim in self._authorized("sent"):
            if claim.open_count:
                raise UserError(
                    self.env._(
                        "%(count)s TAGs of claim %(name)s wait for an answer.",
                        count=claim.open_count,
                        name=claim.name,
                    )
                )
            claim.state = "closed"
        return True

    def _get_csv(self):
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(
            [
                self.env._("TAG"),
                "EPC",
                "TID",
                self.env._("Product"),
                self.env._("Supplier's lot"),
                self.env._("Received"),
                self.env._("Warranty until"),
                self.env._("Test result"),
                self.env._("Distance (m)"),
                self.env._("Note"),
            ]
        )
        for rma in self.sudo().rma_ids:
            lot = rma.lot_id
            row = (
                lot.name,
                lot.toll_epc,
                lot.toll_tid,
                lot.product_id.default_code or lot.product_id.name,
                rma.supply_id.supplier_ref or rma.supply_id.name,
                rma.supply_id.date,
                rma.warranty_until,
                lot._toll_label(rma, "test_result"),
                rma.test_distance or "",
                rma.test_note,
            )
            writer.writerow([safe_cell(cell) for cell in row])
        return text.getvalue().encode("utf-8-sig")

    def action_csv(self):
        """The list of TAGs as the supplier wants it."""
        self.ensure_one()
        self.check_access("read")
        attachment = self.env["ir.attachment"].create(
            {
                "name": f"{self.name.replace('/', '-')}.csv",
                "datas": base64.b64encode(self._get_csv()),
                "mimetype": "text/csv",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if any(claim.state != "draft" for claim in self):
            raise UserError(self.env._("A claim that was sent stays on record."))
