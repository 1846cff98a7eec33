from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..core import user_memory

ENCODED = {"toll_encoded_at", "toll_secret_version", "toll_chip_class"}


class StockLot(models.Model):
    _inherit = "stock.lot"

    toll_encoding_job_ids = fields.One2many(
        "toll.encoding.job", "lot_id", string="Encodings", groups="base.group_user"
    )
    toll_encoding_count = fields.Integer(
        string="Encoding Jobs",
        compute="_compute_toll_encoding_count",
        groups="base.group_user",
    )
    toll_encoded_at = fields.Datetime(
        string="Encoded on", readonly=True, copy=False, groups="base.group_user"
    )
    toll_secret_version = fields.Integer(
        string="Master Key Version",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="From which master key the passwords in the chip follow; 0: none.",
    )

    toll_chip_class = fields.Char(
        string="Class in the Chip",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="What was read back from the user memory.",
    )
    toll_class_pending = fields.Boolean(
        string="Class to Write",
        compute="_compute_toll_class_pending",
        compute_sudo=True,  # a yes or no about a readable TAG
        groups="base.group_user",
        help="The TAG is on a vehicle whose class its chip does not hold yet.",
    )

    @api.depends("toll_chip_class", "toll_vehicle_id.class_id.code", "product_id")
    def _compute_toll_class_pending(self):
        for lot in self:
            code = lot.toll_vehicle_id.class_id.code
            lot.toll_class_pending = bool(
                code
                and lot.toll_epc
                and lot.product_id.toll_encoding_policy_id.write_class
                and code != lot.toll_chip_class
            )

    def _compute_toll_encoding_count(self):
        counts = dict(
            self.env["toll.encoding.job"]
            .sudo()  # a number; the jobs themselves have their own rules
            ._read_group([("lot_id", "in", self.ids)], ["lot_id"], ["__count"])
        )
        for lot in self:
            lot.toll_encoding_count = counts.get(lot, 0)

    def _toll_check_guarded(self, vals):
        if not self.env.su and ENCODED & vals.keys():
            raise AccessError(
                self.env._("What an encoder wrote into a TAG cannot be edited.")
            )
        return super()._toll_check_guarded(vals)

    # === BUSINESS METHODS === #

    def toll_mark_good(self):
        """A tested TAG without an EPC goes back to where it can be encoded again."""
        res = super().toll_mark_good()
        # the right to do so was checked just now; stock is not the tester's to write
        empty_sudo = self.sudo().filtered(lambda lot: not lot.toll_epc)
        empty_sudo.write({"toll_state": "new"})
        for company, lots_sudo in empty_sudo.grouped("company_id").items():
            defective = company.toll_defective_location_id
            shelf = company._toll_stock_location()
            lots_sudo._toll_shift(defective, shelf, self.env._("Tested: it works"))
        return res

    def _toll_shift(self, source, place, origin):
        """Move those of these TAGs that stand in stock (in ``source``, when given)."""
        transfer = self.env["toll.tag.transfer"].with_company(place.company_id)
        places = transfer._locations(self)
        inside = self.browse(
            lot.id
            for lot in self
            if lot.id in places
            and places[lot.id].usage == "internal"
            and (source is None or places[lot.id] == source)
        )
        return transfer._relocate(inside, place, origin)

    def _toll_set_encoded(self, epc, tid, version, user=None):
        """What was read back from the chip; a TAG that waited for it is ready now."""
        self.ensure_one()
        vals = {
            "toll_epc": epc,
            "toll_tid": tid,
            "toll_encoded_at": fields.Datetime.now(),
            "toll_secret_version": version,
        }
        if user:
            vals["toll_chip_class"] = user_memory.decode(bytes.fromhex(user))
        if self.toll_state == "new":
            place = self.env["toll.tag.transfer"]._locations(self).get(self.id)
            inside = place and place.usage == "internal"
            vals["toll_state"] = "stocked" if inside else "encoded"
        self.write(vals)

    def _toll_set_rejected(self, location, origin, note):
        """State, stock and history of a TAG that cannot be encoded."""
        self.ensure_one()
        if self.toll_state not in ("new", "encoded", "stocked"):
            return
        self.write({"toll_state": "defective"})
        self._toll_shift(None, location, origin)
        self._toll_open_rma(note)
        self._toll_log({self: note})

    def _toll_trace_events(self):
        return [*super()._toll_trace_events(), *self._toll_trace_encodings()]

    def _toll_trace_encodings(self):
        """When encoders wrote this TAG, or gave it up."""
        events = []
        for job in self.toll_encoding_job_ids:
            names = {"encoder": job.encoder_id.name or "–"}
            if job.state == "done":
                title = self.env._("Encoded by %(encoder)s", **names)
                detail = f"EPC {job.read_epc} · TID {job.read_tid}"
            elif job.state == "rejected":
                title = self.env._("Rejected by %(encoder)s", **names)
                detail = self._toll_label(job, "error")
            else:
                continue
            events.append(
                self._toll_event(
                    job.done_at, "code", title, detail, job.batch_id, job.create_uid
                )
            )
        return events

    # === ACTIONS === #

    def action_toll_encode(self):
        """A new batch with the chosen TAGs."""
        batch = self.env["toll.encoding.batch"].create({})
        batch._add_lots(self)
        return batch._action_form()

    def action_toll_encodings(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_hw_bridge.toll_encoding_job_action"
        )
        return {**values, "domain": [("lot_id", "=", self.id)], "context": {}}
