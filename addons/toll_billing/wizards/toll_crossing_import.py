import base64
import io

from odoo import fields, models
from odoo.exceptions import UserError

from ..core import intake

#: Files up to this size are loaded while the user waits, larger ones as a job.
WAIT_BYTES = 2 * 1024 * 1024


class TollCrossingImport(models.TransientModel):
    _name = "toll.crossing.import"
    _description = "Load a Crossing File"

    operator_id = fields.Many2one(
        "toll.operator",
        required=True,
        domain=[("is_charger", "=", True)],
        help="Whose crossings the file holds.",
    )
    profile_id = fields.Many2one(
        "toll.intake.profile",
        help="The file's layout. Leave empty for the universal crossing file.",
    )
    content = fields.Binary(string="File", required=True, attachment=False)
    filename = fields.Char()

    def action_load(self):
        """Load the file now, or in the background when it is large."""
        self.ensure_one()
        Batch = self.env["toll.crossing.batch"]
        Batch._check_loader()
        content = base64.b64decode(self.content)
        batch, is_new = Batch._receive(
            self.operator_id,
            self.profile_id,
            self.filename or self.env._("crossings"),
            intake.file_digest(io.BytesIO(content)),
            len(content),
        )
        if is_new:
            batch._keep_file(self.filename or batch.name, content)
            if len(content) <= WAIT_BYTES:
                batch._load_inline(content)
            else:
                batch.action_resume()
        return {
            "type": "ir.actions.act_window",
            "res_model": batch._name,
            "res_id": batch.id,
            "views": [(False, "form")],
        }


class TollCrossingReview(models.TransientModel):
    _name = "toll.crossing.review"
    _description = "Review Held Crossings"

    def _default_crossing_count(self):
        return len(self.env.context.get("active_ids", []))

    crossing_count = fields.Integer(
        default=lambda self: self._default_crossing_count(), readonly=True
    )
    decision = fields.Selection(
        [
            ("release", "Try again as they are"),
            ("correct", "Correct and try again"),
            ("refuse", "Refuse for good"),
        ],
        required=True,
        default="release",
    )
    tag = fields.Char(help="TAG number or EPC that was really read.")
    plate = fields.Char(help="Plate as seen on the image.")
    plaza = fields.Char(string="Plaza code")
    lane = fields.Char(string="Lane code")
    class_code = fields.Char(help="The operator's own class code.")
    policy = fields.Selection(
        [
            ("registered", "Charge the vehicle's registered class"),
            ("detected", "Charge the class that the lane detected"),
        ],
        string="Class to charge",
    )
    note = fields.Char(string="Why")

    def action_apply(self):
        """Apply the decision to the held crossings that were selected."""
        self.ensure_one()
        crossings = self.env["toll.crossing"].browse(
            self.env.context.get("active_ids", [])
        )
        if self.decision == "release":
            return crossings.action_reprocess()
        if self.decision == "refuse":
            crossings.action_refuse(self.note)
            return {"type": "ir.actions.act_window_close"}
        names = ("tag", "plate", "plaza", "lane", "class_code", "policy")
        changes = {name: self[name] for name in names if self[name]}
        if not changes:
            raise UserError(self.env._("Say what is to be corrected."))
        released = crossings.action_correct(changes)
        return crossings._review_notice(
            self.env._(
                "%(released)s released, %(left)s still held.",
                released=len(released),
                left=len(crossings) - len(released),
            )
        )
