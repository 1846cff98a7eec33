from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _toll_export_files(self):
        """What was noted about collecting from the customer, too."""
        files = super()._toll_export_files()
        # the customer's own rows, whichever role may read cases
        cases_sudo = self.sudo().commercial_partner_id._toll_collection_cases()
        files["collection_contacts.csv"] = self._toll_csv(
            cases_sudo.contact_ids,
            ("contact_at", "account_id", "channel", "result_id", "note"),
        )
        files["payment_promises.csv"] = self._toll_csv(
            cases_sudo.promise_ids,
            ("made_at", "account_id", "date", "amount", "amount_paid", "state"),
        )
        return files

    def _toll_collection_cases(self):
        accounts = self._toll_all_accounts()
        return self.env["toll.collection.case"].search(
            [("account_id", "in", accounts.ids)]
        )

    def _toll_pseudonymise(self):
        """Amounts and outcomes stay; what was written about the person goes."""
        result = super()._toll_pseudonymise()
        cases = self._toll_collection_cases()
        promises, write_offs = cases.promise_ids, cases.write_off_ids
        cases.contact_ids._erase_notes()
        untracked = {"tracking_disable": True}
        cases.with_context(**untracked).write({"note": False, "next_action": False})
        promises.with_context(**untracked).write({"note": False})
        write_offs.with_context(**untracked).write({"note": "–"})
        self._toll_erase_messages(cases._name, cases.ids)
        self._toll_erase_messages(promises._name, promises.ids)
        self._toll_erase_messages(write_offs._name, write_offs.ids)
        # files that agencies were given name everybody on the list
        placements = cases.placement_line_ids.placement_id
        self.env["ir.attachment"].search(
            [("res_model", "=", placements._name), ("res_id", "in", placements.ids)]
        ).unlink()
        return result
