from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import queries

TAG_STATUSES = [("valid", "Valid"), ("low", "Low balance"), ("blocked", "Blocked")]


class TollTagStatus(models.Model):
    """What lanes should do with a TAG, in time: one row per stretch of time."""

    _name = "toll.tag.status"
    _description = "TAG Status"
    _order = "date_from desc, id desc"

    lot_id = fields.Many2one(
        "stock.lot", string="TAG", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", related="lot_id.company_id", store=True, index=True
    )
    status = fields.Selection(TAG_STATUSES, required=True)
    reason = fields.Selection(
        [
            ("assigned", "Assigned"),
            ("opening", "Opening load"),
            ("returned", "Returned"),
            ("lost", "Lost"),
            ("stolen", "Stolen"),
            ("defective", "Defective"),
            ("renewal", "Renewal"),
            ("account_suspended", "Account suspended"),
            ("account_closed", "Account closed"),
            ("account_active", "Account active"),
            ("customer_request", "At the customer's request"),
            ("unblocked", "Unblocked"),
            ("low_balance", "Low balance"),
            ("top_up", "Balance topped up"),
            ("unpaid", "Unpaid debt"),
            ("paid", "Debt paid"),
            ("fraud", "Suspected fraud"),
        ]
    )
    date_from = fields.Datetime(string="From", required=True)
    date_to = fields.Datetime(string="To", help="Empty while the status holds.")

    _lot_excl = models.Constraint(
        "EXCLUDE USING gist (lot_id WITH =, tsrange(date_from, date_to) WITH &&)",
        "A TAG has one status at a time.",
    )
    _dates_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "A status cannot end before it begins.",
    )
    _lot_date_from_idx = models.Index("(lot_id, date_from)")
    _current_idx = models.Index("(status, lot_id) WHERE date_to IS NULL")

    @api.depends("lot_id.name", "status")
    def _compute_display_name(self):
        labels = dict(self._fields["status"]._description_selection(self.env))
        for status in self:
            status.display_name = f"{status.lot_id.name}: {labels.get(status.status)}"

    @api.model
    def _set(self, lots, status, reason, date=None):
        """From ``date`` on (default: now) these TAGs have this status.

        Set-based: two statements however many TAGs. A TAG that already has the status
        keeps its row; a blocked one gets a new row when the reason differs. Returns the
        TAGs that changed.
        """
        if not lots:
            return lots
        date = fields.Datetime.to_datetime(date) or fields.Datetime.now()
        later = self.env.execute_query(queries.tag_status.later_than(self, lots, date))
        if later:
            raise UserError(
                self.env._(
                    "The status of TAG %(tag)s already changed after %(date)s.",
                    tag=self.env["stock.lot"].browse(later[0][0]).name,
                    date=fields.Datetime.to_string(date),
                )
            )
        rows = self.env.execute_query(
            queries.tag_status.change(self, lots, status, reason, date, self.env.uid)
        )
        changed = lots.browse(row[0] for row in rows)
        self.invalidate_model(flush=False)
        changed.invalidate_recordset(["toll_status_ids", "toll_status"], flush=False)
        return changed

    @api.model
    def _release(self, lots, blocked_for, reason, date=None):
        """Make valid again the TAGs that are blocked for one of these reasons only.

        A TAG blocked for another reason since then (lost, say) stays blocked.
        """
        current = self.search(
            [
                ("lot_id", "in", lots.ids),
                ("date_to", "=", False),
                ("status", "=", "blocked"),
                ("reason", "in", list(blocked_for)),
            ]
        )
        return self._set(current.lot_id, "valid", reason, date)
