import json
import logging
from datetime import timedelta

from odoo import fields, models

from ..core import handheld as core
from ..queries import handheld as queries

_logger = logging.getLogger(__name__)

#: An undo is timed by the device; what the device allowed is not refused for seconds.
UNDO_SLACK = timedelta(minutes=1)
RAW = 4_000


class TollHandheld(models.Model):
    """What a device sends when it has network: repeated, late, in any order."""

    _inherit = "toll.handheld"  # pylint: disable=consider-merging-classes-inherited

    def _sync(self, message):
        """The fate of each row, in the order sent.

        In a transaction of its own, committed before it returns: the door through which
        events of operators come. A device that never hears the answer sends the same
        rows again and gets the same answer.
        """
        # on the request's connection: the other one must not look before its turn
        self.env.cr.execute(queries.wait_turn(self.id))
        return self.env["toll.crossing.loader"]._on_kept_connection(
            lambda env: self.with_env(env)._take(message)
        )

    def _take(self, message):
        now = fields.Datetime.now()
        skew = core.measure_skew(message.sent_at, now)
        self._note_sync(message, skew, now)
        rows = [self._read_capture(row) for row in message.captures]
        known = self._known([ref for ref, _row, _fault in rows])
        drafts = {}
        for (ref, row, fault), received in zip(rows, message.captures, strict=True):
            if ref and ref not in known and ref not in drafts:
                drafts[ref] = (
                    self._prepare_fault_vals(ref, fault, received)
                    if fault
                    else self._prepare_capture_vals(row, received, skew, now)
                )
        cancelled = self._settle_undos(drafts)
        known |= self._keep(drafts, cancelled)
        lang = self._languages().get(message.lang, "en_US")
        return {
            "skew": skew.total_seconds(),
            "results": [
                known[ref].with_context(lang=lang)._prepare_fate()
                if ref
                else self._prepare_unknown(received, fault)
                for (ref, _row, fault), received in zip(
                    rows, message.captures, strict=True
                )
            ],
            "checks": self._take_checks(message.checks, skew),
        }

    def _note_sync(self, message, skew, now):
        """What the device says of itself.

        First of all: whoever else speaks for this device at the same time makes this
        start again, and it sees what the other one did.
        """
        self.with_context(tracking_disable=True).write(
            {
                "last_seen_at": now,
                "last_sync_at": now,
                "app_version": message.app[:32],
                "queue_length": message.queue,
                "skew_seconds": skew.total_seconds(),
            }
        )
        self.flush_recordset()

    def _known(self, refs):
        captures = self.env["toll.handheld.capture"].search(
            [("handheld_id", "=", self.id), ("ref", "in", [ref for ref in refs if ref])]
        )
        return {capture.ref: capture for capture in captures}

    # === ROWS === #

    def _read_capture(self, row):
        """(reference, capture, name of what is wrong); one of the last two."""
        ref = ""
        try:
            ref = core.parse_ref(row)
            return ref, core.parse_capture(row), None
        except core.RowFault as fault:
            return ref, None, fault.name

    def _prepare_unknown(self, received, fault):
        """The answer to a row that has no reference to remember it by."""
        ref = received.get("ref") if isinstance(received, dict) else None
        return {"ref": ref, "state": "refused", "reason": "malformed", "message": fault}

    def _prepare_fault_vals(self, ref, fault, received):
        return {
            "handheld_id": self.id,
            "ref": ref,
            "kind": "capture",
            "state": "refused",
            "reason": "malformed",
            "detail": fault,
            "raw": json.dumps(received)[:RAW],
        }

    def _prepare_capture_vals(self, row, received, skew, now):
        """A capture and what it can go on as; a crossing is made of it later."""
        plaza = self.env["toll.plaza"].search(
            [("operator_id", "=", self.operator_id.id), ("code", "=", row.plaza)]
        )
        lane = plaza.lane_ids.filtered(lambda lane: lane.code == row.lane)
        vals = {
            "handheld_id": self.id,
            "ref": row.ref,
            "kind": "cancel" if row.cancels else "capture",
            "cancels": row.cancels or False,
            "taken_at": core.correct(row.taken_at, skew),
            "device_at": core.correct(row.taken_at, timedelta()),
            "skew_seconds": skew.total_seconds(),
            "is_skewed": abs(skew.total_seconds()) > self.skew_limit_seconds,
            "plaza_id": plaza.id,
            "lane_id": lane.id,
            "shift": row.shift,
            "user_id": self._staff_id(row.staff),
            "tag": row.tag,
            "plate": row.plate,
            "class_code": row.class_code,
            "direction": row.direction,
            "payment": False if row.cancels else row.payment,
            "note": row.note,
            "raw": json.dumps(received)[:RAW],
        }
        reason = self._reason_to_hold(row, plaza, lane, vals["taken_at"], now)
        if row.cancels:
            state, reason = "waiting", False
        elif row.payment == "cash":
            state, reason = "cash", False
        else:
            state = "held" if reason else "sent"
        return vals | {"state": state, "reason": reason}

    def _reason_to_hold(self, row, plaza, lane, taken_at, now):
        operator = self.operator_id
        if not plaza:
            return "unknown_plaza"
        if plaza not in self.plaza_ids:
            return "strange_plaza"
        if row.lane and not lane:
            return "unknown_lane"
        if taken_at < now - timedelta(days=operator.max_age_days):
            return "too_old"
        if taken_at > now + timedelta(minutes=operator.future_tolerance_minutes):
            return "future"
        return False

    # === UNDO === #

    def _settle_undos(self, drafts):
        """Say what each undo does; what was not sent on yet never will be.

        :return: reference of an undo → the sent capture whose crossing it takes back
        """
        wanted = [vals["cancels"] for vals in drafts.values() if vals.get("cancels")]
        stored = self._known(wanted)
        done = self.env["toll.handheld.capture"].search(
            [
                ("handheld_id", "=", self.id),
                ("cancels", "in", wanted),
                ("state", "in", ("sent", "undone")),
            ]
        )
        done, cancelled = set(done.mapped("cancels")), {}
        for vals in drafts.values():
            ref = vals.get("cancels")
            target = drafts.get(ref) or stored.get(ref)
            if not target:
                continue  # no undo, or one that waits for its capture
            vals["reason"] = self._reason_to_keep(vals, target, done)
            if vals["reason"]:
                vals["state"] = "refused"
                continue
            done.add(ref)
            if ref in stored and target["state"] == "sent":
                vals["state"] = "sent"
                cancelled[vals["ref"]] = target
            else:
                vals["state"] = target["state"] = "undone"
        self._settle_early_undos(drafts)
        return cancelled

    def _reason_to_keep(self, undo, target, done):
        """Why a capture cannot be taken back, if so."""
        if target["kind"] == "cancel" or target["ref"] in done:
            return "undo_twice"
        if target["state"] == "refused":
            return "refused"
        late = target["device_at"] + timedelta(minutes=self.undo_minutes) + UNDO_SLACK
        return "undo_late" if undo["device_at"] > late else False

    def _settle_early_undos(self, drafts):
        """Undos that came before their captures take effect now."""
        early = self.env["toll.handheld.capture"].search(
            [
                ("handheld_id", "=", self.id),
                ("cancels", "in", list(drafts)),
                ("state", "=", "waiting"),
            ]
        )
        for undo in early:
            if drafts[undo.cancels]["state"] != "refused":
                drafts[undo.cancels]["state"] = "undone"
            undo.state = "undone"

    # === CROSSINGS === #

    def _keep(self, drafts, cancelled):
        """Send on what is to be sent, and keep every row; by reference."""
        Capture = self.env["toll.handheld.capture"].with_context(tracking_disable=True)
        sent = [ref for ref, vals in drafts.items() if vals["state"] == "sent"]
        events = [
            cancelled[ref]._prepare_cancel_event()
            if ref in cancelled
            else Capture.new(drafts[ref])._prepare_event()
            for ref in sent
        ]
        for ref, crossing_id in zip(sent, self._post(events), strict=True):
            drafts[ref]["crossing_id"] = crossing_id
        captures = Capture.create(list(drafts.values()))
        return {capture.ref: capture.with_env(self.env) for capture in captures}

    def _send_on(self, captures):
        """Held captures become crossings after all, in the reviewer's transaction."""
        handheld = self.with_company(self.company_id)
        handheld.env["toll.crossing.loader"]._prepare_events(is_local=True)
        crossing_ids = handheld._post([c._prepare_event() for c in captures])
        for capture, crossing_id in zip(captures, crossing_ids, strict=True):
            capture.write(
                {"state": "sent", "reason": False, "crossing_id": crossing_id}
            )

    # === CHECKS === #

    def _take_checks(self, received, skew):
        """References of the checks that need not be sent again."""
        checks, refs = [], []
        for row in received:
            if isinstance(row, dict):
                refs.append(row.get("ref"))
            try:
                checks.append(core.parse_check(row))
            except core.RowFault as fault:
                _logger.info("%s: a check cannot be read: %s", self, fault)
        self._note_checks(checks, skew, is_offline=True)
        return refs
