from odoo import fields, models


class TollCrossingBatch(models.Model):
    """A day of a device's captures that became crossings."""

    _inherit = "toll.crossing.batch"  # pylint: disable=consider-merging-classes-inherited

    handheld_id = fields.Many2one(
        "toll.handheld",
        string="Hand-held Device",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    _handheld_day_once = models.UniqueIndex(
        "(handheld_id, operator_id, name) WHERE kind = 'handheld'"
    )


class TollHandheld(models.Model):
    _inherit = "toll.handheld"

    def _post(self, events):
        """Ids of the crossings that these events became, in order."""
        if not events:
            return []
        batch = self._day_batch()
        fates = batch._load_events(self.operator_id, events, batch)
        return [fate["id"] for fate in fates]

    def _day_batch(self):
        """The device's batch of the day, made by its first crossing."""
        local = self.with_context(tz=self.operator_id.tz)
        vals = {
            "kind": "handheld",
            "handheld_id": self.id,
            "operator_id": self.operator_id.id,
            "name": f"{self.name} {fields.Date.context_today(local)}",
        }
        batch = self.env["toll.crossing.batch"].search(
            [(name, "=", value) for name, value in vals.items()], limit=1
        )
        return batch or batch.create(
            {**vals, "state": "done", "company_id": self.company_id.id}
        )

    def action_view_batches(self):
        return self._action_rows("toll_billing.toll_crossing_batch_action")
