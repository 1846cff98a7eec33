"""Which crossing a pack covered; why a crossing cost what it did; the checks of it."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import pack_check as queries
from .toll_handheld_capture import CrossingRef


class TollAccountPackUse(models.Model):
    """A crossing that a pack covers, or (below zero) one that it covers no more.

    Written by ``queries.pack`` only; the database lets nobody change or delete a row.
    """

    _name = "toll.account.pack.use"
    _description = "Use of a Pack"
    _order = "id desc"
    _rec_name = "crossing_id"
    _log_access = False

    pack_id = fields.Many2one(
        "toll.account.pack",
        string="Pack Held",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    offer_id = fields.Many2one(related="pack_id.pack_id", string="Pack")
    # no foreign key can point at a partitioned table
    crossing_id = CrossingRef(
        "toll.crossing", required=True, readonly=True, ondelete=None
    )
    occurred_at = fields.Datetime(related="crossing_id.occurred_at")
    plaza_id = fields.Many2one(related="crossing_id.plaza_id")
    plate = fields.Char(related="crossing_id.plate")
    account_id = fields.Many2one(
        "toll.account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    day = fields.Date(required=True, readonly=True, help="By the clock of the plaza.")
    quantity = fields.Integer(
        string="Crossings",
        required=True,
        readonly=True,
        aggregator="sum",
        help="1, or -1 where the crossing was taken back.",
    )
    amount = fields.Monetary(
        string="Toll Covered", required=True, readonly=True, aggregator="sum"
    )
    create_date = fields.Datetime(string="Noted on", readonly=True)

    _crossing_uniq = models.Constraint(
        "UNIQUE (crossing_id, quantity)", "A crossing is covered once at most."
    )
    _quantity_sane = models.Constraint(
        "CHECK (quantity IN (1, -1) AND amount * quantity > 0)",
        "A use counts one crossing.",
    )

    def init(self):
        self.env.cr.execute(queries.create_guard())

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("Uses of packs come with the crossings."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Uses of packs stay as they are."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Uses of packs stay as they are."))

    def _get_left_after(self):
        """(crossings, credit) that this use left in its pack."""
        self.ensure_one()
        ((quantity, amount),) = self._read_group(
            [("pack_id", "=", self.pack_id.id), ("id", "<=", self.id)],
            aggregates=["quantity:sum", "amount:sum"],
        )
        held = self.pack_id
        return (
            held.crossings_given - quantity,
            held.currency_id.round(held.amount_given - amount),
        )


class TollCrossing(models.Model):
    _inherit = "toll.crossing"  # pylint: disable=consider-merging-classes-inherited

    def _get_plan_discounts(self):
        """A pack that paid for the crossing, and what it had left then."""
        # the reason is for everybody who may see the crossing
        plan_sudo = self.discount_plan_id.sudo()
        if plan_sudo.kind != "pack":
            return super()._get_plan_discounts()
        use_sudo = self.env["toll.account.pack.use"].sudo()
        use_sudo = use_sudo.search(
            [("crossing_id", "=", self.id), ("quantity", ">", 0)]
        )
        found = {
            "kind": "pack",
            "plan": plan_sudo.name,
            "code": plan_sudo.code,
            "amount": self.amount_discount,
        }
        if not use_sudo:
            return [found]
        held_sudo = use_sudo.pack_id
        found |= {"pack": held_sudo.name, "pack_kind": held_sudo.kind}
        crossings, credit = use_sudo._get_left_after()
        if held_sudo.kind == "crossings":
            found |= {"left": crossings, "given": held_sudo.crossings_given}
        elif held_sudo.kind == "credit":
            found |= {"left": credit, "given": held_sudo.amount_given}
        return [found]


class TollStatement(models.Model):
    _inherit = "toll.statement"  # pylint: disable=consider-merging-classes-inherited

    def _get_pack_rows(self):
        """(pack, crossings, tolls) of what packs paid on these statements."""
        rows = {}
        # whoever may read the statement reads the names of its packs
        for line in self.sudo().discount_line_ids:
            if line.plan_id.kind == "pack":
                count, amount = rows.get(line.plan_id, (0, 0))
                rows[line.plan_id] = count + line.crossing_count, amount + line.amount
        lang = self[:1]._get_annex_lang() if rows else None
        return [
            (plan.with_context(lang=lang).name, count, amount)
            for plan, (count, amount) in rows.items()
        ]


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"  # pylint: disable=consider-merging-classes-inherited

    def _rules(self):
        return [
            *super()._rules(),
            (
                "billing-pack",
                self.env._("Packs cover what was bought, and each crossing once"),
                self._check_packs,
            ),
        ]

    def _check_packs(self):
        return [
            *self._texts(queries.uses_against_packs()),
            *self._texts(queries.uses_against_crossings()),
        ]
