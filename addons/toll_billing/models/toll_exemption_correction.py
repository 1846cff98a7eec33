from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import groupby

from ..queries import exemption_correction as queries
from ..queries import pack
from .toll_handheld_capture import CrossingRef

#: Crossings of one correction; what is left makes the next one.
LIMIT = 5000


class TollExemptionCorrection(models.Model):
    """Crossings that were charged before an exemption was approved, given back.

    One proposes, another approves. What no invoice has taken yet goes back to the
    wallet, the rest by credit notes.
    """

    _name = "toll.exemption.correction"
    _description = "Correction of an Exemption"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "exemption_id"
    _check_company_auto = True
    _guarded = frozenset(
        {"state", "asked_by_id", "approved_by_id", "line_ids", "move_ids"}
    )

    exemption_id = fields.Many2one(
        "toll.exemption", required=True, index=True, ondelete="restrict", readonly=True
    )
    account_id = fields.Many2one(
        related="exemption_id.account_id", store=True, index=True, precompute=True
    )
    company_id = fields.Many2one(
        related="exemption_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="account_id.currency_id")
    state = fields.Selection(
        [("asked", "To Approve"), ("done", "Given Back"), ("refused", "Refused")],
        required=True,
        readonly=True,
        default="asked",
        tracking=True,
        index=True,
    )
    asked_by_id = fields.Many2one("res.users", string="Proposed By", readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True, tracking=True)
    note = fields.Char(tracking=True)
    line_ids = fields.One2many(
        "toll.exemption.correction.line", "correction_id", readonly=True
    )
    crossing_count = fields.Integer(string="Crossings", compute="_compute_amount")
    amount = fields.Monetary(string="Charged", compute="_compute_amount")
    move_ids = fields.Many2many(
        "account.move",
        "toll_exemption_correction_move_rel",
        string="Credit Notes",
        readonly=True,
    )

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        sums = {
            correction: found
            for correction, *found in self.env[
                "toll.exemption.correction.line"
            ]._read_group(
                [("correction_id", "in", self.ids)],
                ["correction_id"],
                ["__count", "amount:sum"],
            )
        }
        for correction in self:
            count, amount = sums.get(correction._origin, (0, 0))
            correction.crossing_count = count
            correction.amount = amount

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Refuse the correction instead: its story is kept."))

    def _take(self):
        """Managers decide, once, and never on what they proposed themselves."""
        if not self.env.user.has_group("toll_account.group_toll_manager"):
            raise AccessError(self.env._("Only a toll manager decides on corrections."))
        return super()._take("asked")

    # === ACTIONS === #
    def action_approve(self):
        """Give it back, as somebody who did not propose it."""
        for correction_sudo in self._take():
            if self.env.user in (
                correction_sudo.asked_by_id,
                correction_sudo.create_uid,
            ):
                raise UserError(
                    self.env._(
                        "You proposed this correction: somebody else has to approve it."
                    )
                )
            correction_sudo._give_back()
            correction_sudo.write({"state": "done", "approved_by_id": self.env.uid})
        return True

    def action_refuse(self):
        """Leave the charges as they are; the crossings may be proposed again."""
        for correction_sudo in self._take():
            correction_sudo.line_ids.unlink()
            correction_sudo.write({"state": "refused", "approved_by_id": self.env.uid})
        return True

    # === MONEY === #
    def _give_back(self):
        """Unbilled crossings to the wallet, billed ones by credit notes."""
        self.ensure_one()
        self.env.flush_all()
        ids = self.line_ids.mapped("crossing_id").ids
        rows = self.env.execute_query(
            queries.take_back(ids, self.exemption_id.name or "")
        )
        taken = {row[0] for row in rows}
        self._give_packs_back(taken)
        self.env.invalidate_all(flush=False)
        moves = self._credit([key for key in ids if key not in taken])
        self.move_ids = moves
        for line in self.line_ids:
            line.is_credited = line.crossing_id.id not in taken
        self.account_id._settle_open_invoices()

    def _give_packs_back(self, ids):
        """What a pack had paid a part of is in the pack again."""
        rows = self.env.execute_query(pack.lock_used(ids))
        if rows:
            self.env["toll.crossing.loader"]._give_back([row[0] for row in rows])

    def _credit(self, ids):
        moves = self.env["account.move"].with_company(self.company_id)
        rows = self.env.execute_query(queries.to_credit(ids))
        if not all(row[6] for row in rows):
            raise UserError(
                self.env._(
                    "Some of these crossings are in a billing run that is not "
                    "invoiced yet: finish or cancel the run first."
                )
            )
        for move_id, group in groupby(rows, key=lambda row: row[0]):
            if not move_id:
                continue  # a statement of nothing to pay has no invoice
            invoice = moves.browse(move_id)
            moves |= moves.with_context(mail_create_nosubscribe=True).create(
                self._prepare_credit_vals(invoice, group)
            )
        moves._post(soft=False)
        return moves

    def _prepare_credit_vals(self, invoice, rows):
        issuer = self.env["toll.invoice.issuer"]
        lang = invoice.partner_id.lang
        lines = []
        for _move, statement, operator, service, count, amount, _invoiced in rows:
            prefix, suffix = issuer._get_line_label((operator, service), lang)
            lines.append(
                Command.create(
                    {
                        "product_id": self.env["toll.service"]
                        .browse(service)
                        .product_id.id,
                        "name": f"{self.exemption_id.name}: {prefix}{count}{suffix}",
                        "quantity": 1,
                        "price_unit": float(Decimal(amount)),
                        "toll_statement_id": statement,
                    }
                )
            )
        return {
            "move_type": "out_refund",
            "journal_id": invoice.journal_id.id,
            "partner_id": invoice.partner_id.id,
            "invoice_date": self.company_id._toll_today(),
            "invoice_origin": self.exemption_id.name,
            "reversed_entry_id": invoice.id,
            "toll_statement_id": invoice.toll_statement_id.id,
            "toll_account_id": invoice.toll_account_id.id,
            "invoice_line_ids": lines,
        }


class TollExemptionCorrectionLine(models.Model):
    _name = "toll.exemption.correction.line"
    _description = "Crossing to Give Back"
    _order = "correction_id, id"
    _rec_name = "crossing_id"

    correction_id = fields.Many2one(
        "toll.exemption.correction", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="correction_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="correction_id.currency_id")
    # no foreign key can point at a partitioned table
    crossing_id = CrossingRef("toll.crossing", required=True, ondelete=None)
    occurred_at = fields.Datetime(related="crossing_id.occurred_at")
    plaza_id = fields.Many2one(related="crossing_id.plaza_id")
    plate = fields.Char(related="crossing_id.plate")
    amount = fields.Monetary(string="Charged", readonly=True)
    is_credited = fields.Boolean(
        string="By Credit Note", readonly=True, help="It was invoiced already."
    )

    _crossing_uniq = models.Constraint(
        "UNIQUE (crossing_id)", "This crossing is in a correction already."
    )


class TollExemption(models.Model):
    _inherit = "toll.exemption"  # pylint: disable=consider-merging-classes-inherited

    correction_ids = fields.One2many("toll.exemption.correction", "exemption_id")
    correction_count = fields.Integer(compute="_compute_correction_count")

    def _compute_correction_count(self):
        for exemption in self:
            exemption.correction_count = len(exemption.correction_ids)

    def action_propose_correction(self):
        """List what was charged before the approval, for another to approve."""
        self.ensure_one()
        self.check_access("write")
        if not self.approved_by_id:
            raise UserError(self.env._("Exemption %s is not approved.", self.name))
        self.env.flush_all()
        rows = self.env.execute_query(queries.charged(self, LIMIT))
        if not rows:
            raise UserError(
                self.env._("No crossing was charged that this exemption covers.")
            )
        # lines are written by this method only; the right is checked above
        correction_sudo = self.env["toll.exemption.correction"].sudo()
        correction_sudo = correction_sudo.create(
            {
                "exemption_id": self.id,
                "asked_by_id": self.env.uid,
                "line_ids": [
                    Command.create({"crossing_id": key, "amount": float(amount)})
                    for key, amount, _statement in rows
                ],
            }
        )
        return correction_sudo.sudo(False)._get_records_action()

    def action_view_corrections(self):
        self.ensure_one()
        return self.correction_ids._get_records_action(name=self.env._("Corrections"))
