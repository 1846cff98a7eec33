from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .toll_tag_life import AGENT, MANAGER

TEST_RESULTS = [
    ("works", "Works"),
    ("weak", "Reads too near"),
    ("dead", "Does not read"),
    ("wrong_code", "Wrong code"),
    ("damaged", "Damaged"),
]
DECISIONS = [
    ("restock", "Back to stock"),
    ("warranty", "Warranty claim"),
    ("scrap", "Scrap"),
]
OUTCOMES = [
    ("credited", "Credited"),
    ("replaced", "Replaced"),
    ("refused", "Refused"),
]


class TollTagRma(models.Model):
    """One defective TAG or lane part: tested, decided, claimed or scrapped.

    The customer, or the lane, got another one long before: this is about the old one.
    """

    _name = "toll.tag.rma"
    _description = "TAG RMA"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _guarded = frozenset(
        {"state", "decision", "outcome", "claim_id", "closed_at", "tested_by_id"}
        | {"tested_at", "account_id"}
    )

    name = fields.Char(
        string="RMA",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self._default_name(),
    )
    lot_id = fields.Many2one(
        "stock.lot",
        string="TAG",
        required=True,
        index=True,
        ondelete="restrict",
        domain="['|', ('toll_state', '!=', False), ('toll_part_state', '!=', False)]",
    )
    company_id = fields.Many2one(
        "res.company", related="lot_id.company_id", store=True, index=True
    )
    product_id = fields.Many2one(related="lot_id.product_id", store=True, index=True)
    supply_id = fields.Many2one(related="lot_id.toll_supply_id", store=True, index=True)
    partner_id = fields.Many2one(
        related="supply_id.partner_id", string="Supplier", store=True
    )
    account_id = fields.Many2one(
        "toll.account",
        string="Last Account",
        readonly=True,
        index="btree_not_null",
        help="Who had the TAG when it failed.",
    )
    date = fields.Datetime(
        string="Opened", required=True, default=fields.Datetime.now, readonly=True
    )
    symptom = fields.Char(help="What the customer or the finder says.")
    test_result = fields.Selection(TEST_RESULTS, tracking=True)
    test_distance = fields.Float(string="Reading Distance (m)", digits=(6, 2))
    tested_by_id = fields.Many2one("res.users", string="Tested by", readonly=True)
    tested_at = fields.Datetime(readonly=True)
    test_note = fields.Char()
    decision = fields.Selection(DECISIONS, readonly=True, tracking=True)
    scrap_reason_id = fields.Many2one("toll.tag.scrap.reason", index="btree_not_null")
    warranty_until = fields.Date(related="supply_id.warranty_until")
    in_warranty = fields.Boolean(
        compute="_compute_in_warranty",
        store=True,
        help="The TAG failed before the supplier's warranty of its box ended.",
    )
    claim_id = fields.Many2one(
        "toll.tag.claim", readonly=True, index="btree_not_null", tracking=True
    )
    outcome = fields.Selection(OUTCOMES, readonly=True, tracking=True)
    is_defect = fields.Boolean(
        compute="_compute_is_defect",
        store=True,
        help="Counts in the defect rate: the TAG was tested and does not work.",
    )
    state = fields.Selection(
        [
            ("new", "To test"),
            ("tested", "Tested"),
            ("claimed", "Claimed"),
            ("closed", "Closed"),
        ],
        default="new",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    closed_at = fields.Datetime(readonly=True)

    _lot_open_uniq = models.UniqueIndex(
        "(lot_id) WHERE state <> 'closed'", "This TAG already has an open RMA."
    )

    @api.model
    def _default_name(self):
        return self.env["ir.sequence"].sudo().next_by_code("toll.tag.rma")

    @api.depends("warranty_until", "date")
    def _compute_in_warranty(self):
        for rma in self:
            until = rma.warranty_until
            rma.in_warranty = bool(until and rma.date) and rma.date.date() <= until

    @api.depends("test_result", "decision")
    def _compute_is_defect(self):
        for rma in self:
            rma.is_defect = rma.decision in ("warranty", "scrap") or (
                rma.test_result not in (False, "works")
            )

    @api.model_create_multi
    def create(self, vals_list):
        rmas = super().create(vals_list)
        for rma in rmas:
            if not rma.lot_id._toll_is_faulty():
                raise UserError(
                    self.env._(
                        "TAG %s is not defective: return it as defective, or mark it "
                        "in stock, first.",
                        rma.lot_id.name,
                    )
                )
            # who opens an RMA need not see the account
            rma_sudo = rma.sudo()
            last = rma_sudo.lot_id.toll_assignment_ids.sorted("date_from")[-1:]
            rma_sudo.account_id = last.account_id
        return rmas

    def write(self, vals):
        res = super().write(vals)
        if vals.get("test_result"):
            self._remember_test()
        return res

    def _remember_test(self):
        """Who tested, and when; a decided TAG is tested no more."""
        self._check_state("new", "tested")
        # the tester fills in the test; the rest follows from it
        self.sudo().write(
            {
                "tested_by_id": self.env.uid,
                "tested_at": fields.Datetime.now(),
                "state": "tested",
            }
        )

    # === DECISIONS === #

    def _authorized(self, group, *states):
        """These RMAs in superuser mode, once the user may decide on them."""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(
                self.env._(
                    "You are not allowed to decide on defective TAGs; it takes the "
                    "role %(role)s.",
                    role=self.env.ref(group).sudo().full_name,
                )
            )
        self._check_state(*states)
        # who decides needs no right to write the document by hand
        return self.sudo()

    def record_test(self, result, distance=None, note=None):
        """Keep what the test of the TAG found; may be repeated until it is decided."""
        rmas_sudo = self._authorized(AGENT, "new", "tested")
        if result not in dict(TEST_RESULTS):
            raise UserError(self.env._("Unknown test result: %s", result))
        rmas_sudo.write(
            {"test_result": result, "test_distance": distance, "test_note": note}
        )
        return True

    def action_restock(self):
        """It works: the TAG can be assigned again."""
        for rma in self._authorized(MANAGER, "tested"):
            if rma.test_result != "works":
                raise UserError(
                    self.env._(
                        "The test of TAG %s says that it does not work.",
                        rma.lot_id.name,
                    )
                )
            rma.lot_id.toll_mark_good()
        return True

    def action_scrap(self):
        """It is of no use: out of stock, with the reason."""
        for rma in self._authorized(MANAGER, "tested"):
            reason = rma.scrap_reason_id or self.env.ref(
                "toll_tag_stock.toll_tag_scrap_reason_defective"
            )
            rma.lot_id.toll_retire(rma.test_note, reason)
        return True

    def action_claim(self):
        """Put the TAGs on the open claim to their supplier; answers the claims."""
        rmas_sudo = self._authorized(MANAGER, "tested")
        claims = self.env["toll.tag.claim"]
        for rma in rmas_sudo:
            if not rma.partner_id:
                raise UserError(
                    self.env._(
                        "The supplier of TAG %s is unknown: set it on its box.",
                        rma.lot_id.name,
                    )
                )
            if not rma.in_warranty:
                raise UserError(
                    self.env._(
                        "TAG %s is out of the supplier's warranty: scrap it.",
                        rma.lot_id.name,
                    )
                )
            if rma.test_result == "works":
                raise UserError(
                    self.env._("The test of TAG %s says it works.", rma.lot_id.name)
                )
            claim = claims._open_for(rma.partner_id, rma.company_id)
            rma.write({"claim_id": claim.id, "decision": "warranty"})
            claims |= claim
        return claims._show()

    def _close(self, decision):
        self.write(
            {
                "state": "closed",
                "decision": decision,
                "closed_at": fields.Datetime.now(),
            }
        )


class StockLot(models.Model):
    _inherit = "stock.lot"  # pylint: disable=consider-merging-classes-inherited

    def _toll_is_faulty(self):
        return self.toll_state == "defective"

    def _toll_open_rma(self, symptom=None):
        """An RMA for each of these TAGs that has none open."""
        rmas = self.env["toll.tag.rma"]
        busy = rmas.search([("lot_id", "in", self.ids), ("state", "!=", "closed")])
        return rmas.create(
            [{"lot_id": lot.id, "symptom": symptom} for lot in self - busy.lot_id]
        )

    def _toll_close_rma(self, decision):
        """The TAG's fate was decided: its open RMA ends with it."""
        domain = Domain("lot_id", "in", self.ids) & Domain("state", "!=", "closed")
        self.env["toll.tag.rma"].search(domain)._close(decision)
