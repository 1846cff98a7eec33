import csv
import io
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.toll_account.core.spreadsheet import safe_cell

from ..queries import payments as queries


class TollCollectionPlacement(models.Model):
    """A list of cases that an agency gets on a day, and gives back on another."""

    _name = "toll.collection.placement"
    _description = "Placement with an Agency"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "id desc"
    _check_company_auto = True
    _number_sequence = "toll.collection.placement"

    name = fields.Char(required=True, readonly=True, copy=False, default="/")
    agency_id = fields.Many2one(
        "toll.collection.agency",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    commission_rate = fields.Float(
        string="Commission (%)",
        compute="_compute_terms",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    date = fields.Date(string="Handed Over", readonly=True, copy=False, tracking=True)
    date_to = fields.Date(
        string="Recall on",
        compute="_compute_terms",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    line_ids = fields.One2many("toll.collection.placement.line", "placement_id")
    line_count = fields.Integer(string="Cases", compute="_compute_amounts")
    amount_placed = fields.Monetary(string="Debt", compute="_compute_amounts")
    amount_recovered = fields.Monetary(string="Recovered", compute="_compute_amounts")
    amount_commission = fields.Monetary(string="Commission", compute="_compute_amounts")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("placed", "With the Agency"),
            ("ended", "Ended"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
    )
    note = fields.Char(string="Reason")

    _commission_check = models.Constraint(
        "CHECK (commission_rate BETWEEN 0 AND 100)",
        "A commission is between 0 and 100 per cent.",
    )

    @api.depends("agency_id")
    def _compute_terms(self):
        today = fields.Date.context_today(self)
        for placement in self:
            agency = placement.agency_id
            placement.commission_rate = agency.commission_rate
            placement.date_to = (
                today + timedelta(days=agency.placement_days)
                if agency.placement_days
                else False
            )

    @api.depends("line_ids.amount_placed", "line_ids.amount_recovered")
    def _compute_amounts(self):
        for placement in self:
            lines = placement.line_ids
            placement.line_count = len(lines)
            placement.amount_placed = sum(lines.mapped("amount_placed"))
            placement.amount_recovered = sum(lines.mapped("amount_recovered"))
            placement.amount_commission = sum(lines.mapped("amount_commission"))

    def write(self, vals):
        terms = {"agency_id", "commission_rate", "company_id"}
        if not self.env.su and terms & vals.keys():
            self._check_state("draft")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_drafts(self):
        self._check_state("draft")

    # === STEPS === #
    def _add_cases(self, cases):
        """Put open cases that no agency has on the list; answer how many."""
        self._take("draft")
        free = cases.filtered(lambda c: c.state == "open" and not c.agency_id)
        free -= self.line_ids.case_id
        self.line_ids.create(
            [
                {
                    "placement_id": self.id,
                    "case_id": case.id,
                    "amount_placed": case.amount_due,
                }
                for case in free
            ]
        )
        return len(free)

    def action_place(self):
        """Hand the cases over: from now on payments earn the commission."""
        self._take("draft")
        for placement in self:
            if not placement.line_ids:
                raise UserError(self.env._("Add cases to %s first.", placement.name))
            cases = placement.line_ids.case_id
            taken = cases.filtered(lambda c: c.state != "open" or c.agency_id)
            if taken:
                raise UserError(
                    self.env._(
                        "Closed meanwhile or with an agency already: %s. Take them off "
                        "the list.",
                        ", ".join(taken[:5].mapped("display_name")),
                    )
                )
            # guarded; the right and the state are checked
            placement_sudo = placement.sudo()
            now = fields.Datetime.now()
            for line in placement_sudo.line_ids:
                line.write(
                    {
                        "state": "placed",
                        "placed_at": now,
                        "amount_placed": line.case_id.amount_due,
                        "commission_rate": placement.commission_rate,
                    }
                )
            placement_sudo.line_ids.case_id.agency_id = placement.agency_id
            placement_sudo.write(
                {"state": "placed", "date": fields.Date.context_today(self)}
            )
        return True

    def action_recall(self):
        """Take all cases back that the agency still has."""
        self._take("placed")
        self.line_ids.filtered(lambda line: line.state == "placed")._recall()
        return True

    def action_cancel(self):
        self._take("draft")
        self.sudo().state = "cancelled"  # guarded; right and state are checked
        return True

    def _end_if_empty(self):
        done = self.filtered(
            lambda p: (
                p.state == "placed"
                and not p.line_ids.filtered(lambda line: line.state == "placed")
            )
        )
        done.state = "ended"

    @api.model
    def _cron_recall(self):
        """Take back what was handed over until today."""
        placed = self.search([("state", "=", "placed"), ("date_to", "!=", False)])
        for company, placements in placed.grouped("company_id").items():
            today = company._toll_today()
            placements.filtered(lambda p, day=today: p.date_to < day).action_recall()

    # === FILE === #
    def _export_rows(self):
        """Head and rows: what an agency needs to reach the debtor, and no more."""
        self.ensure_one()
        env = self.with_context(lang=self.agency_id.partner_id.lang).env
        yield (
            env._("List"),
            env._("Account"),
            env._("Customer"),
            env._("Telephone"),
            env._("E-mail"),
            env._("Overdue since"),
            env._("Amount"),
            env._("Currency"),
        )
        for line in self.line_ids.filtered(lambda r: r.state in ("draft", "placed")):
            case = line.case_id
            yield (
                self.name,
                case.account_id.number,
                case.partner_id.name,
                case.phone,
                case.email,
                fields.Date.to_string(case.since) if case.since else "",
                f"{line.amount_placed:.{case.currency_id.decimal_places}f}",
                case.currency_id.name,
            )

    def _export_csv(self):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        for row in self._export_rows():
            writer.writerow([safe_cell(cell) for cell in row])
        return ("\ufeff" + out.getvalue()).encode()

    def action_export(self):
        """The list as a file; that it was made is written down."""
        self._take("placed")
        self.ensure_one()
        attachment = self.env["ir.attachment"].create(
            {
                "name": f"{self.name.replace('/', '-')}.csv",
                "raw": self._export_csv(),
                "mimetype": "text/csv",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self._message_log(body=self.env._("List exported for the agency."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "new",
        }


class TollCollectionPlacementLine(models.Model):
    """A case with an agency, what it has brought in, and the commission on that."""

    _name = "toll.collection.placement.line"
    _description = "Case with an Agency"
    _inherit = ["toll.guarded"]
    _order = "placement_id desc, id"
    _rec_name = "case_id"
    _guarded = frozenset(
        {
            "state",
            "placed_at",
            "ended_on",
            "amount_recovered",
            "amount_commission",
            "commission_rate",
            "is_invoiced",
        }
    )

    placement_id = fields.Many2one(
        "toll.collection.placement", required=True, index=True, ondelete="cascade"
    )
    agency_id = fields.Many2one(
        related="placement_id.agency_id", store=True, index=True, precompute=True
    )
    company_id = fields.Many2one(
        related="placement_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="placement_id.currency_id")
    case_id = fields.Many2one(
        "toll.collection.case", required=True, index=True, ondelete="restrict"
    )
    account_id = fields.Many2one(
        related="case_id.account_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    segment_id = fields.Many2one(related="case_id.segment_id")
    amount_placed = fields.Monetary(string="Debt", readonly=True)
    placed_at = fields.Datetime(string="Handed Over", readonly=True)
    ended_on = fields.Date(string="Until", readonly=True)
    commission_rate = fields.Float(
        string="Commission (%)", readonly=True, aggregator="avg"
    )
    amount_recovered = fields.Monetary(string="Recovered", readonly=True)
    amount_commission = fields.Monetary(string="Commission", readonly=True)
    is_invoiced = fields.Boolean(
        string="Commission Settled",
        readonly=True,
        help="The agency was paid for it: its figures stay as they are.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("placed", "With the Agency"),
            ("recalled", "Recalled"),
            ("closed", "Case Closed"),
        ],
        required=True,
        readonly=True,
        default="draft",
        index=True,
    )

    _case_uniq = models.UniqueIndex(
        "(case_id) WHERE state = 'placed'", "An agency has this case already."
    )
    _placement_case_uniq = models.Constraint(
        "UNIQUE (placement_id, case_id)", "The case is on the list already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.placement_id._check_state("draft")
        return lines

    @api.ondelete(at_uninstall=False)
    def _unlink_drafts(self):
        if self.filtered(lambda line: line.state != "draft"):
            raise UserError(self.env._("Recall the case instead: the list stays."))

    def action_recall(self):
        self.check_access("write")
        if self.filtered(lambda line: line.state != "placed"):
            raise UserError(self.env._("The agency does not have this case any more."))
        self._recall()
        return True

    def _recall(self):
        """Take cases back, with what has come in until now."""
        # guarded; every caller has checked the right and the state
        lines_sudo = self.sudo()
        lines_sudo.write(
            {"state": "recalled", "ended_on": fields.Date.context_today(self)}
        )
        for company, lines in lines_sudo.grouped("company_id").items():
            lines._credit(company, lines)
        lines_sudo.case_id.agency_id = False
        lines_sudo.placement_id._end_if_empty()

    def action_settle(self):
        """The agency has been paid its commission for these lines."""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(
            "toll_account.group_toll_accountant"
        ):
            raise AccessError(self.env._("Only accountants settle commissions."))
        if self.filtered(lambda line: line.state not in ("recalled", "closed")):
            raise UserError(
                self.env._("Recall the cases first: their payments still count.")
            )
        for company, lines in self.sudo().grouped("company_id").items():
            lines._credit(company, lines)
        self.sudo().is_invoiced = True  # guarded; the right is checked
        return True

    @api.model
    def _credit(self, company, lines=None):
        """Bring recovered amounts and commissions up to date, by set."""
        self.env.flush_all()
        book = company._toll_book()
        changed = self.browse(
            row[0]
            for row in self.env.execute_query(
                queries.credit_placements(
                    company.id,
                    book.tz,
                    company.currency_id.decimal_places,
                    lines.ids if lines is not None else None,
                )
            )
        )
        self.invalidate_model(flush=False)
        changed.placement_id._end_if_empty()
        return len(changed)
