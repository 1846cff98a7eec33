from odoo import models

MAX_CROSSINGS = 100_000


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _toll_export_files(self):
        """The customer's crossings too."""
        files = super()._toll_export_files()
        # the customer's own rows, whichever role may read crossings
        accounts_sudo = self.sudo().commercial_partner_id._toll_all_accounts()
        crossings = accounts_sudo.env["toll.crossing"].search(
            [
                ("account_id", "in", accounts_sudo.ids),
                ("state", "in", ("posted", "offset")),
            ],
            order="occurred_at desc, id desc",
            limit=MAX_CROSSINGS,
        )
        files["crossings.csv"] = self._toll_csv(
            crossings,
            (
                "occurred_at",
                "operator_id",
                "plaza_id",
                "plate",
                "amount",
                "amount_discount",
                "amount_charged",
                "exemption_id",
                "discount_plan_id",
                "state",
                "ref",
            ),
        )
        return files
