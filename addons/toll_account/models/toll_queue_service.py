from odoo import fields, models


class TollQueueService(models.Model):
    """What customers come to the counter for."""

    _name = "toll.queue.service"
    _description = "Service of the Counter"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    letter = fields.Char(
        required=True, size=2, help="In front of the number, as in A-012."
    )
    sequence = fields.Integer(default=10)
    head_start = fields.Integer(
        string="Head Start (Minutes)",
        help="A ticket of this service is called as if it had been taken so much "
        "earlier. Nobody waits for ever: a head start is made up by waiting.",
    )
    minutes = fields.Integer(
        string="Usual Minutes", default=15, help="Length of an appointment."
    )
    office_ids = fields.Many2many(
        "toll.office", string="Offices", help="Empty: all offices."
    )
    active = fields.Boolean(default=True)

    _letter_check = models.Constraint(
        "CHECK (letter ~ '^[A-Z]{1,2}$')", "One or two capital letters."
    )
    _minutes_check = models.Constraint(
        "CHECK (head_start BETWEEN 0 AND 480 AND minutes BETWEEN 5 AND 240)",
        "A head start has 0 to 480 minutes, a service takes 5 to 240.",
    )
