from odoo import fields, models
from odoo.exceptions import AccessError, UserError

AGENT = "toll_account.group_toll_agent"
MANAGER = "toll_account.group_toll_manager"
ASSIGNABLE = ("encoded", "stocked")
HELD = ("assigned", "blocked")
GONE = ("lost", "stolen")


class TollTagLife(models.AbstractModel):
    """The life of a TAG between warehouse and customer.

    Public methods may be called by other programs: each checks the user's group and
    the company and record rules before anything else, then acts in one transaction:
    stock, assignment, status and chatter change together or not at all.
    """

    _name = "toll.tag.life"
    _description = "TAG Life Cycle"

    # === BUSINESS METHODS === #

    def toll_assign(self, vehicle, date=None, terms=None):
        """Deliver these TAGs to the holders of these vehicles, one TAG each.

        ``vehicle`` is a record, an id or a list of ids, in the order of the TAGs.
        ``terms``: "loan", "sale" or "deposit"; by default the product's. Returns the
        assignments.
        """
        return self._toll_assign(vehicle, date, terms)

    def _toll_assign(self, vehicle, date=None, terms=None, replaced=None, reason=None):
        """``replaced``: {TAG: the assignment that it goes on with}, and why."""
        vehicles = self._toll_records("toll.vehicle", vehicle)
        vehicles.check_access("read")
        lots_sudo = self._toll_authorized(AGENT)
        date = self._toll_date(date)
        lots_sudo._toll_lock()
        vehicles_sudo = vehicles.sudo()
        lots_sudo._toll_check_assignable(vehicles_sudo, date)
        pickings = lots_sudo.env["toll.tag.transfer"]._deliver(lots_sudo, vehicles_sudo)
        assignments_sudo = lots_sudo.env["toll.tag.assignment"].create(
            [
                lot._prepare_toll_assignment_vals(
                    car, date, pickings.get(lot.id), terms
                )
                for lot, car in zip(lots_sudo, vehicles_sudo, strict=True)
            ]
        )
        for lot, car in zip(lots_sudo, vehicles_sudo, strict=True):
            lot.write(
                {
                    "toll_state": "assigned",
                    "toll_account_id": car.account_id.id,
                    "toll_vehicle_id": car.id,
                }
            )
        lots_sudo.env["toll.tag.status"]._set(lots_sudo, "valid", "assigned", date)
        lots_sudo._toll_log(
            {
                lot: self.env._(
                    "Assigned to %(vehicle)s of account %(account)s",
                    vehicle=lot.toll_vehicle_id.display_name,
                    account=lot.toll_account_id.number,
                )
                for lot in lots_sudo
            },
            self.env._("TAGs delivered: %s"),
        )
        # raise the database's word on overlaps here, not at some later flush
        lots_sudo.env.flush_all()
        assignments_sudo._start_terms(replaced, reason)
        return assignments_sudo.with_env(self.env)

    def toll_return(self, date=None, condition="good", note=None):
        """Take these TAGs back into stock; their assignments end.

        ``condition`` is "good" (can be assigned again) or "defective". A TAG that was
        reported as lost or stolen and turns up is returned the same way.
        """
        if condition not in ("good", "defective"):
            raise UserError(self.env._("The condition is “good” or “defective”."))
        lots_sudo = self._toll_authorized(AGENT)
        date = self._toll_date(date)
        lots_sudo._toll_lock()
        lots_sudo._toll_check_state((*HELD, *GONE), self.env._("returned"))
        reason = "returned" if condition == "good" else "defective"
        lots_sudo._toll_take_back(date, reason, note)
        return True

    def toll_report_lost(self, reason="lost", date=None, note=None):
        """The customer no longer has these TAGs: block them from ``date`` on.

        ``reason`` is "lost" or "stolen".
        """
        if reason not in GONE:
            raise UserError(self.env._("The reason is “lost” or “stolen”."))
        lots_sudo = self._toll_authorized(AGENT)
        date = self._toll_date(date)
        lots_sudo._toll_lock()
        lots_sudo._toll_check_state(HELD, self.env._("reported as lost"))
        lots_sudo._toll_end(date, reason, reason, note=note)
        return True

    def toll_replace(self, new_lot, reason="defective", date=None, note=None):
        """Give the vehicle of each TAG a new one in its place.

        ``reason``: "defective" and "renewal" bring the old TAG back to stock
        (defective, or good), "lost" and "stolen" block it. A TAG already reported as
        lost is replaced on the vehicle it was on. Returns the new assignments.
        """
        if reason not in ("defective", "renewal", *GONE):
            raise UserError(
                self.env._("The reason is “defective”, “renewal”, “lost” or “stolen”.")
            )
        new_lots = self._toll_records("stock.lot", new_lot)
        lots_sudo = self._toll_authorized(AGENT)
        date = self._toll_date(date)
        if len(new_lots) != len(self) or new_lots & self:
            raise UserError(self.env._("Choose one new TAG for each TAG to replace."))
        (lots_sudo | new_lots.sudo())._toll_lock()
        lots_sudo._toll_check_state((*HELD, *GONE), self.env._("replaced"))
        last_sudo = [
            lot.toll_assignment_ids.sorted(lambda row: (row.date_from, row.id))[-1]
            for lot in lots_sudo
        ]
        held_sudo = lots_sudo.filtered(lambda lot: lot.toll_state in HELD)
        if reason in GONE:
            held_sudo._toll_end(date, reason, reason, note=note)
        elif held_sudo:
            held_sudo._toll_take_back(date, reason, note)
        vehicles = self.env["toll.vehicle"].browse(
            row.vehicle_id.id for row in last_sudo
        )
        for row, new in zip(last_sudo, new_lots, strict=True):
            row.replaced_by_id = new
        assignments = new_lots._toll_assign(
            vehicles,
            date,
            replaced=dict(zip(new_lots, last_sudo, strict=True)),
            reason=reason,
        )
        lots_sudo._toll_replaced(assignments.sudo(), reason)
        return assignments

    def _toll_replaced(self, assignments, reason):
        """For other parts of the suite: these TAGs have given way to new ones."""

    def toll_block(self, reason="customer_request", date=None, note=None):
        """Lanes must refuse these TAGs; the customer keeps them."""
        lots_sudo = self._toll_authorized(AGENT)
        reasons = self.env["toll.tag.status"]._fields["reason"].get_values(self.env)
        if reason not in reasons:
            raise UserError(self.env._("Unknown reason: %s", reason))
        lots_sudo._toll_lock()
        lots_sudo._toll_check_state(HELD, self.env._("blocked"))
        lots_sudo.env["toll.tag.status"]._set(
            lots_sudo, "blocked", reason, self._toll_date(date)
        )
        lots_sudo.write({"toll_state": "blocked"})
        if note:
            lots_sudo._toll_log(dict.fromkeys(lots_sudo, note))
        return True

    def toll_unblock(self, date=None):
        """Lanes may accept these TAGs again.

        A suspended account's stay blocked; what the customer did not ask for himself
        (debt, fraud) takes a manager.
        """
        lots_sudo = self._toll_authorized(AGENT)
        lots_sudo._toll_lock()
        lots_sudo._toll_check_state(("blocked",), self.env._("unblocked"))
        self._toll_check_unblock(lots_sudo)
        lots_sudo.env["toll.tag.status"]._set(
            lots_sudo, "valid", "unblocked", self._toll_date(date)
        )
        lots_sudo.write({"toll_state": "assigned"})
        return True

    def toll_retire(self, note=None, reason=None):
        """Write these TAGs off for good: they leave stock through scrap.

        ``reason`` is a scrap reason, or its id.
        """
        reasons = self._toll_records("toll.tag.scrap.reason", reason)
        lots_sudo = self._toll_authorized(MANAGER)
        lots_sudo._toll_lock()
        lots_sudo._toll_check_state(
            ("new", "encoded", "stocked", "defective", *GONE), self.env._("retired")
        )
        lots_sudo.env["toll.tag.transfer"]._scrap(lots_sudo, reasons.name)
        for lot in lots_sudo:
            lot.write(lot._prepare_toll_scrap_vals(reasons))
        lots_sudo._toll_close_rma("scrap")
        lots_sudo.env["toll.tag.status"]._set(lots_sudo, "blocked", "renewal")
        if note:
            lots_sudo._toll_log(dict.fromkeys(lots_sudo, note))
        return True

    def toll_mark_defective(self):
        """These TAGs in stock do not work: they cannot be assigned."""
        lots_sudo = self._toll_authorized(AGENT)
        lots_sudo._toll_check_state(
            ("new", "encoded", "stocked"), self.env._("marked as defective")
        )
        lots_sudo.write({"toll_state": "defective"})
        lots_sudo._toll_open_rma()
        return True

    def toll_mark_good(self):
        """These TAGs were tested and work: they can be assigned again."""
        lots_sudo = self._toll_authorized(MANAGER)
        lots_sudo._toll_check_state(("defective",), self.env._("marked as good"))
        lots_sudo.write({"toll_state": "stocked"})
        lots_sudo._toll_close_rma("restock")
        return True

    # === HELPERS === #

    def _toll_records(self, model, value):
        if isinstance(value, models.BaseModel):
            return value.with_env(self.env)
        ids = [value] if isinstance(value, int) else list(value or ())
        return self.env[model].browse(ids).exists()

    def _toll_authorized(self, group):
        """These TAGs in superuser mode, once the user may act on them.

        Agents have no right to write stock; the public methods are their only way.
        """
        if not self:
            raise UserError(self.env._("Choose at least one TAG."))
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(
                self.env._(
                    "You are not allowed to do this with TAGs; it takes the role "
                    "%(role)s.",
                    role=self.env.ref(group).sudo().full_name,
                )
            )
        self.check_access("read")
        others = self.filtered(lambda lot: not lot.toll_state)
        if others:
            raise UserError(self.env._("%s is not a TAG.", others[0].name))
        lots_sudo = self.sudo()
        return lots_sudo.with_company(lots_sudo.company_id[:1])

    def _toll_date(self, date):
        now = fields.Datetime.now()
        date = fields.Datetime.to_datetime(date) if date else now
        if date > now:
            raise UserError(self.env._("The date cannot be in the future."))
        return date

    def _toll_lock(self):
        """One person at a time works on a TAG; the second one is told so."""
        locked = self.try_lock_for_update(allow_referencing=True)
        if len(locked) < len(self):
            busy = self - locked
            raise UserError(
                self.env._(
                    "Somebody else is working on TAG %s right now. Try again in a "
                    "moment.",
                    busy[0].name,
                )
            )

    def _toll_check_state(self, allowed, verb):
        labels = dict(self._fields["toll_state"]._description_selection(self.env))
        for lot in self:
            if lot.toll_state not in allowed:
                raise UserError(
                    self.env._(
                        "TAG %(tag)s is in state “%(state)s” and cannot be %(verb)s.",
                        tag=lot.name,
                        state=labels[lot.toll_state],
                        verb=verb,
                    )
                )

    def _toll_check_assignable(self, vehicles, date):
        if len(vehicles) != len(self) or len(set(vehicles.ids)) != len(self):
            raise UserError(self.env._("Choose one vehicle for each TAG."))
        self._toll_check_state(ASSIGNABLE, self.env._("assigned"))
        taken = {
            row.vehicle_id: row.lot_id
            for row in self.env["toll.tag.assignment"].search(
                [("vehicle_id", "in", vehicles.ids), ("date_to", "=", False)]
            )
        }
        for lot, vehicle in zip(self, vehicles, strict=True):
            problem = self._toll_vehicle_problem(lot, vehicle, date, taken)
            if problem:
                raise UserError(problem)

    def _toll_vehicle_problem(self, lot, vehicle, date, taken):
        account = vehicle.account_id
        names = {"tag": lot.name, "plate": vehicle.plate, "account": account.number}
        if vehicle in taken:
            return self.env._(
                "%(plate)s already has TAG %(tag)s: replace it, or take it back first.",
                plate=vehicle.plate,
                tag=taken[vehicle].name,
            )
        if not vehicle.active or (vehicle.date_to and vehicle.date_to <= date):
            return self.env._(
                "%(plate)s is no longer a vehicle of account %(account)s.", **names
            )
        if vehicle.date_from and vehicle.date_from > date:
            return self.env._(
                "%(plate)s belongs to account %(account)s only after that date.",
                **names,
            )
        if account.state not in ("draft", "active"):
            return self.env._(
                "Account %(account)s is suspended or closed: it gets no TAG.", **names
            )
        if lot.company_id != account.company_id:
            return self.env._(
                "TAG %(tag)s and account %(account)s are of different companies.",
                **names,
            )
        return None

    def _toll_check_unblock(self, lots_sudo):
        for lot in lots_sudo:
            if lot.toll_account_id.state == "suspended":
                raise UserError(
                    self.env._(
                        "The account of TAG %(tag)s is suspended: reactivate it first.",
                        tag=lot.name,
                    )
                )
        current = lots_sudo.toll_status_ids.filtered(lambda row: not row.date_to)
        others = current.filtered(lambda row: row.reason != "customer_request")
        if others and not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._(
                    "TAG %(tag)s was not blocked at the customer's request: only a "
                    "manager may unblock it.",
                    tag=others[0].lot_id.name,
                )
            )

    def _prepare_toll_assignment_vals(self, vehicle, date, picking=None, terms=None):
        self.ensure_one()
        return {
            **self._prepare_toll_terms_vals(terms, date, sold=not picking),
            "lot_id": self.id,
            "vehicle_id": vehicle.id,
            "account_id": vehicle.account_id.id,
            "date_from": date,
            "picking_id": picking and picking.id,
            "place_id": picking and picking.location_id.id,
        }

    def _toll_take_back(self, date, reason, note=None):
        """End what these TAGs were assigned to and receive them from the customers.

        In this order: stock does not move a TAG that is assigned.
        """
        state = "defective" if reason == "defective" else "stocked"
        rows = self._toll_end(date, reason, state, note=note)
        pickings = self.env["toll.tag.transfer"]._take_back(self)
        for row in rows:
            row.return_picking_id = pickings.get(row.lot_id.id)
        if state == "defective":
            self._toll_open_rma(note)

    def _toll_end(self, date, reason, state, note=None):
        """End the open assignments and block the TAGs; answers the assignments."""
        open_rows = self.toll_assignment_ids.filtered(lambda row: not row.date_to)
        for row in open_rows:
            if row.date_from > date:
                raise UserError(
                    self.env._(
                        "TAG %(tag)s was assigned after that date.", tag=row.lot_id.name
                    )
                )
        labels = dict(open_rows._fields["end_reason"]._description_selection(self.env))
        notes = {
            lot: f"{labels.get(reason)}: {note}" if note else labels.get(reason)
            for lot in self
        }
        self._toll_log(notes, self.env._("TAGs no longer in use: %s"))
        open_rows._end(date, reason, note)
        open_rows._end_terms(reason)
        self.write(
            {"toll_state": state, "toll_account_id": False, "toll_vehicle_id": False}
        )
        self.env["toll.tag.status"]._set(self, "blocked", reason, date)
        return open_rows

    def _toll_log(self, notes, account_note=None):
        """A note on each TAG and one on each account that has them."""
        self._message_log_batch({lot.id: notes[lot] for lot in self})
        if account_note:
            by_account = self.grouped("toll_account_id")
            accounts = self.env["toll.account"].union(*by_account)
            accounts._message_log_batch(
                {
                    account.id: account_note % ", ".join(lots.mapped("name"))
                    for account, lots in by_account.items()
                    if account
                }
            )
