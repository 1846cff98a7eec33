from odoo import fields, models


class TollPlannedClosing(models.Model):
    _inherit = "toll.planned.closing"

    tag_outcome = fields.Selection(
        [("lost", "Not given back: block it"), ("good", "Given back on that day")],
        string="TAGs Left",
        required=True,
        default="lost",
        tracking=True,
        help="What becomes of a TAG that is still with the customer then.",
    )

    def _before_closing(self):
        """TAGs that the customer still has come back, or are reported as lost."""
        result = super()._before_closing()
        tags = self.account_id.toll_tag_ids
        if tags and self.tag_outcome == "lost":
            tags.toll_report_lost("lost", note=self.note)
        elif tags:
            tags.toll_return(note=self.note)
        return result
