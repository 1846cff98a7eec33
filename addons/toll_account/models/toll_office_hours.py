from odoo import fields, models

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


class TollOfficeHours(models.Model):
    """When an office has desks for appointments."""

    _name = "toll.office.hours"
    _description = "Hours of an Office"
    _order = "office_id, weekday, hour_from"

    office_id = fields.Many2one(
        "toll.office", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    weekday = fields.Selection(WEEKDAYS, required=True, default="0")
    hour_from = fields.Float(string="From", required=True, default=9)
    hour_to = fields.Float(string="To", required=True, default=17)
    desks = fields.Integer(
        required=True, default=1, help="Appointments that may be at the same time."
    )

    _hours_check = models.Constraint(
        "CHECK (hour_from >= 0 AND hour_from < hour_to AND hour_to <= 24 "
        "AND desks BETWEEN 1 AND 50)",
        "Hours go from 0 to 24, the first before the second, with 1 to 50 desks.",
    )


class TollOfficeClosure(models.Model):
    _name = "toll.office.closure"
    _description = "Day on which an Office is Closed"
    _order = "date desc"
    _rec_name = "date"

    office_id = fields.Many2one(
        "toll.office", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    date = fields.Date(required=True)
    reason = fields.Char()

    _date_uniq = models.Constraint(
        "UNIQUE (office_id, date)", "The office is closed on this day already."
    )
