from odoo import models

MAX_CROSSINGS = 100_000


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _toll_export_files(self):
        """The customer's crossings and discounts too."""
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
        grants = accounts_sudo._toll_owned("toll.discount.grant")
        files["discounts.csv"] = self._toll_csv(
            grants,
            (
                "name",
                "plan_id",
                "account_id",
                "vehicle_id",
                "date_from",
                "date_to",
                "state",
                "refusal",
                "note",
            ),
        )
        return files

    def _toll_pseudonymise(self):
        """Which discount there was stays for the books; why, and its proofs, go."""
        accounts = self._toll_all_accounts()
        grants = accounts._toll_owned("toll.discount.grant")
        result = super()._toll_pseudonymise()
        grants.document_ids.unlink()
        self._toll_erase_messages(grants._name, grants.ids)
        grants.activity_ids.unlink()
        grants.with_context(tracking_disable=True).write(
            {"note": False, "refusal": False}
        )
        return result
