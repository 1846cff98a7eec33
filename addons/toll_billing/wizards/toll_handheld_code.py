import base64

from odoo import api, fields, models

HOME = "/toll/handheld"


class TollHandheldCode(models.AbstractModel):
    """Shows an enrolment code once; nothing of it is ever stored."""

    _name = "toll.handheld.code"
    _description = "Enrolment Code of a Hand-held Device"

    # needed by the onchange that returns the other fields
    id = fields.Id()
    code = fields.Char(readonly=True)
    url = fields.Char(string="Address", readonly=True)
    qr = fields.Binary(string="QR Code", readonly=True)
    write_date = fields.Datetime(readonly=True)  # asked for beside every image

    @api.model
    def _prepare_defaults(self, code):
        """The context in which the form shows a code."""
        url = f"{self.env['toll.handheld'].get_base_url()}{HOME}"
        png = self.env["ir.actions.report"].barcode(
            "QR", f"{url}#enrol={code}", width=300, height=300
        )
        return {
            "default_code": code,
            "default_url": url,
            "default_qr": base64.b64encode(png).decode(),
        }
