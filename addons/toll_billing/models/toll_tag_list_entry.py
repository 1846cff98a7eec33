from odoo import api, fields, models

from odoo.addons.toll_tag_stock.models.toll_tag_status import TAG_STATUSES


class TollTagListEntry(models.Model):
    """What lanes are told now: a TAG that is out, or a vehicle that has none.

    Written by queries/tag_list.py only.
    """

    _name = "toll.tag.list.entry"
    _description = "Entry of the Lists for Lanes"
    _order = "since desc, id desc"
    _rec_name = "number"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    key = fields.Integer(
        required=True, readonly=True, help="The TAG's id, or minus the vehicle's."
    )
    lot_id = fields.Many2one(
        "stock.lot", string="TAG", readonly=True, ondelete="cascade", index=True
    )
    vehicle_id = fields.Many2one(
        "toll.vehicle", readonly=True, ondelete="set null", index="btree_not_null"
    )
    account_id = fields.Many2one(
        "toll.account", readonly=True, ondelete="set null", index="btree_not_null"
    )
    number = fields.Char(string="Printed Number", readonly=True, index=True)
    epc = fields.Char(string="EPC", readonly=True)
    plate = fields.Char(readonly=True)
    class_id = fields.Many2one("toll.vehicle.class", readonly=True)
    gravity = fields.Integer(readonly=True, aggregator=None)
    status = fields.Selection(TAG_STATUSES, required=True, readonly=True)
    is_blocked = fields.Boolean(string="To Refuse", readonly=True)
    reason = fields.Selection("_get_reasons", readonly=True)
    since = fields.Datetime(
        readonly=True, help="From when on the status has been true."
    )
    version = fields.Integer(
        readonly=True, aggregator=None, help="The version that brought this entry."
    )
    status_version = fields.Integer(
        string="Status since Version", readonly=True, aggregator=None
    )

    _company_key_uniq = models.Constraint(
        "UNIQUE (company_id, key)", "A TAG stands in the lists once."
    )
    _plate_idx = models.Index("(company_id, plate) WHERE plate IS NOT NULL")
    _orphan_idx = models.Index("(key) WHERE key < 0 AND vehicle_id IS NULL")
    _blocked_idx = models.Index("(company_id) WHERE is_blocked")

    @api.model
    def _get_reasons(self):
        status = self.env["toll.tag.status"]._fields["reason"]
        more = [
            ("no_account", self.env._("No active account")),
            ("retired", self.env._("Retired")),
        ]
        return status._description_selection(self.env) + more

    @api.depends("number", "plate")
    def _compute_display_name(self):
        for entry in self:
            entry.display_name = entry.number or entry.plate


class TollTagListChange(models.Model):
    """What a version changed; never changed itself, and forgotten as a whole."""

    _name = "toll.tag.list.change"
    _description = "Change of the Lists for Lanes"
    _order = "version desc, id desc"
    _rec_name = "number"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    version = fields.Integer(required=True, readonly=True, aggregator=None)
    key = fields.Integer(required=True, readonly=True)
    lot_id = fields.Many2one(
        "stock.lot", string="TAG", readonly=True, ondelete="set null", index=True
    )
    number = fields.Char(string="Printed Number", readonly=True)
    status = fields.Selection(
        TAG_STATUSES, readonly=True, help="Empty: no longer on any list."
    )
    reason = fields.Selection("_get_reasons", readonly=True)
    noted_at = fields.Datetime(
        readonly=True, help="When the new status was written down here."
    )
    is_status = fields.Boolean(string="Status or Reason Changed", readonly=True)
    old_number = fields.Char(readonly=True)
    old_epc = fields.Char(string="Old EPC", readonly=True)
    old_plate = fields.Char(readonly=True)
    old_class_id = fields.Many2one("toll.vehicle.class", readonly=True)
    old_status = fields.Selection(TAG_STATUSES, string="Before", readonly=True)
    old_reason = fields.Selection("_get_reasons", readonly=True)
    old_since = fields.Datetime(readonly=True)

    _company_version_idx = models.Index("(company_id, version)")

    @api.model
    def _get_reasons(self):
        return self.env["toll.tag.list.entry"]._get_reasons()
