from odoo import fields, models


class TollRequest(models.Model):
    """Old requests keep their figures; what was written in them goes."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.request"

    erased_at = fields.Datetime(string="Erased on", readonly=True, copy=False)

    def _erase_words(self):
        """In superuser mode: texts, contacts, messages and files."""
        self.with_context(tracking_disable=True).write(
            {
                "description": "–",
                "resolution": False,
                "contact_name": False,
                "contact_email": False,
                "contact_phone": False,
                "erased_at": fields.Datetime.now(),
            }
        )
        self.env["res.partner"]._toll_erase_messages(self._name, self.ids)
