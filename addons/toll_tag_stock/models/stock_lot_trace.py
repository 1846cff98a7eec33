from odoo import fields, models

STOCK_USAGES = ("internal", "transit")


class StockLot(models.Model):
    """The whole life of one TAG or lane part on one page."""

    _inherit = "stock.lot"  # pylint: disable=consider-merging-classes-inherited

    toll_trace = fields.Html(
        string="Trace",
        compute="_compute_toll_trace",
        sanitize=False,
        groups="base.group_user",
    )

    def _compute_toll_trace(self):
        for lot in self:
            lot.toll_trace = self.env["ir.qweb"]._render(
                "toll_tag_stock.toll_tag_trace_timeline",
                {"events": lot._toll_get_trace(), "lot": lot},
            )

    def action_toll_trace(self):
        self.ensure_one()
        self.check_access("read")
        form = self.env.ref("toll_tag_stock.stock_lot_view_form_trace")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Trace of %s", self.name),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(form.id, "form")],
            "context": {"create": False, "edit": False},
        }

    def _toll_get_trace(self):
        """All events of this unit, in the order of time."""
        self.ensure_one()
        if not self.id or not (self.toll_state or self.toll_part_state):
            return []
        self.check_access("read")
        # who may see the TAG sees its story, with names of what he may not open
        lot_sudo = self.sudo()
        events = [event for event in lot_sudo._toll_trace_events() if event["date"]]
        return sorted(events, key=lambda event: event["date"])

    def _toll_trace_events(self):
        """Events as made by `_toll_event`, in any order. Other addons add theirs."""
        return [
            *self._toll_trace_supply(),
            *self._toll_trace_moves(),
            *self._toll_trace_assignments(),
            *self._toll_trace_installations(),
            *self._toll_trace_statuses(),
            *self._toll_trace_codes(),
            *self._toll_trace_rmas(),
            *self._toll_trace_scrap(),
        ]

    def _toll_event(self, date, kind, title, detail="", record=None, user=None):
        """One event: when, what kind (names its colour and icon), words, what of."""
        return {
            "date": fields.Datetime.to_datetime(date),
            "kind": kind,
            "title": title,
            "detail": detail or "",
            "record": record,
            "user": user.name if user else "",
        }

    def _toll_label(self, record, field):
        labels = dict(record._fields[field]._description_selection(self.env))
        return labels.get(record[field], "")

    def _toll_trace_supply(self):
        supply = self.toll_supply_id
        if not supply:
            return [
                self._toll_event(
                    self.create_date,
                    "supply",
                    self.env._("Registered"),
                    user=self.create_uid,
                )
            ]
        details = (
            supply.partner_id.name,
            supply.supplier_ref and self.env._("lot %s", supply.supplier_ref),
            supply.origin,
            supply.warranty_until
            and self.env._(
                "warranty until %s", fields.Date.to_string(supply.warranty_until)
            ),
        )
        return [
            self._toll_event(
                self.create_date,
                "supply",
                self.env._("Arrived in box %s", supply.name),
                " · ".join(filter(None, details)),
                supply,
                self.create_uid,
            )
        ]

    def _toll_trace_moves(self):
        events = []
        for line in self.toll_move_line_ids:
            source, place = line.location_id, line.location_dest_id
            names = {"origin": source.display_name, "place": place.display_name}
            inside, was_inside = (
                where.usage in STOCK_USAGES for where in (place, source)
            )
            if inside and was_inside:
                title = self.env._("Moved from %(origin)s to %(place)s", **names)
            elif inside:
                title = self.env._("Into stock at %(place)s", **names)
            elif was_inside:
                title = self.env._("Out of stock of %(origin)s", **names)
            else:
                title = self.env._("From %(origin)s to %(place)s", **names)
            events.append(
                self._toll_event(
                    line.date,
                    "move",
                    title,
                    line.reference,
                    line.picking_id or None,
                    line.create_uid,
                )
            )
        return events

    def _toll_trace_assignments(self):
        events = []
        for row in self.toll_assignment_ids:
            names = {
                "plate": row.vehicle_id.plate,
                "account": row.account_id.number,
                "customer": row.account_id.partner_id.name,
            }
            events.append(
                self._toll_event(
                    row.date_from,
                    "assignment",
                    self.env._("Assigned to %(plate)s", **names),
                    self.env._("Account %(account)s, %(customer)s", **names),
                    row.account_id,
                    row.create_uid,
                )
            )
            if row.date_to:
                new = row.replaced_by_id.name
                details = (
                    self._toll_label(row, "end_reason"),
                    new and self.env._("replaced by %s", new),
                    row.note,
                )
                events.append(
                    self._toll_event(
                        row.date_to,
                        "end",
                        self.env._("No longer on %(plate)s", **names),
                        " · ".join(filter(None, details)),
                        row.account_id,
                        row.end_user_id,
                    )
                )
        return events

    def _toll_trace_installations(self):
        events = []
        for row in self.toll_installation_ids:
            names = {"lane": row.lane_id.display_name, "position": row.position}
            events.append(
                self._toll_event(
                    row.date_from,
                    "assignment",
                    self.env._("Installed in %(lane)s, %(position)s", **names),
                    row.note,
                    row.lane_id,
                    row.create_uid,
                )
            )
            if row.date_to:
                new = row.replaced_by_id.name
                details = (
                    self._toll_label(row, "end_reason"),
                    self._toll_label(row, "destination"),
                    new and self.env._("replaced by %s", new),
                )
                events.append(
                    self._toll_event(
                        row.date_to,
                        "end",
                        self.env._("Out of %(lane)s, %(position)s", **names),
                        " · ".join(filter(None, details)),
                        row.lane_id,
                        row.end_user_id,
                    )
                )
        return events

    def _toll_trace_statuses(self):
        return [
            self._toll_event(
                row.date_from,
                "status",
                self.env._("In the lanes: %s", self._toll_label(row, "status")),
                self._toll_label(row, "reason"),
                user=row.create_uid,
            )
            for row in self.toll_status_ids
        ]

    def _toll_trace_codes(self):
        """When the EPC was written or corrected."""
        field = self.env["ir.model.fields"]._get(self._name, "toll_epc")
        values = self.message_ids.tracking_value_ids.filtered(
            lambda value: value.field_id == field
        )
        return [
            self._toll_event(
                value.mail_message_id.date,
                "code",
                self.env._("EPC written: %s", value.new_value_char or "–"),
                user=value.create_uid,
            )
            for value in values
        ]

    def _toll_trace_rmas(self):
        events = []
        for rma in self.toll_rma_ids:
            events.append(
                self._toll_event(
                    rma.date,
                    "rma",
                    self.env._("%s opened", rma.name),
                    rma.symptom,
                    rma,
                    rma.create_uid,
                )
            )
            if rma.tested_at:
                events.append(
                    self._toll_event(
                        rma.tested_at,
                        "rma",
                        self.env._("Tested: %s", self._toll_label(rma, "test_result")),
                        rma.test_note,
                        rma,
                        rma.tested_by_id,
                    )
                )
            if rma.closed_at:
                events.append(
                    self._toll_event(
                        rma.closed_at,
                        "rma",
                        self.env._(
                            "RMA closed: %s",
                            self._toll_label(rma, "outcome")
                            or self._toll_label(rma, "decision"),
                        ),
                        rma.claim_id.name,
                        rma,
                    )
                )
        return events

    def _toll_trace_scrap(self):
        if not self.toll_scrap_date:
            return []
        return [
            self._toll_event(
                self.toll_scrap_date,
                "scrap",
                self.env._("Scrapped"),
                self.toll_scrap_reason_id.name,
            )
        ]
