from odoo import fields, models

from .faults import FAULTS

ATTEMPT_STATES = [
    ("sent", "With the Encoder"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("released", "Released"),
    ("late", "Answered too Late"),
]


class TollEncodingAttempt(models.Model):
    """One hand-out of a job to an encoder, and what came back.

    The agent names it in its answer: the same answer twice counts once, and an answer
    to something else is refused.
    """

    _name = "toll.encoding.attempt"
    _description = "Encoding Attempt"
    _order = "id desc"
    _rec_name = "uuid"

    uuid = fields.Char(string="Attempt", required=True, readonly=True)
    job_id = fields.Many2one(
        "toll.encoding.job",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    lot_id = fields.Many2one(related="job_id.lot_id", string="TAG")
    company_id = fields.Many2one(
        related="job_id.company_id", store=True, index=True, precompute=True
    )
    encoder_id = fields.Many2one(
        "toll.encoder", required=True, readonly=True, index=True, ondelete="restrict"
    )
    boot = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    state = fields.Selection(ATTEMPT_STATES, required=True, default="sent")
    sent_at = fields.Datetime(string="Handed out", required=True, readonly=True)
    answered_at = fields.Datetime(string="Answered", readonly=True)
    reported = fields.Selection(
        [("done", "Done"), ("failed", "Failed")],
        readonly=True,
        help="What the agent said; what it read back decides.",
    )
    epc = fields.Char(string="EPC Read Back", readonly=True)
    tid = fields.Char(string="TID", readonly=True)
    error = fields.Selection(FAULTS, readonly=True)
    message = fields.Char(readonly=True)
    rssi = fields.Integer(string="Signal (dBm)", readonly=True, aggregator="avg")
    seconds = fields.Float(readonly=True, digits=(6, 2), aggregator="avg")
    log = fields.Text(readonly=True)

    _uuid_uniq = models.UniqueIndex("(uuid)")
    _one_per_job = models.UniqueIndex("(job_id) WHERE state = 'sent'")
    _one_per_encoder = models.UniqueIndex("(encoder_id) WHERE state = 'sent'")

    def _is_answered(self):
        return bool(self.answered_at)

    def _same_answer(self, result):
        """Whether the agent repeats itself where it matters."""
        before = (self.reported, self.epc or None, self.tid or None)
        return before == (result.state, result.epc, result.tid)
