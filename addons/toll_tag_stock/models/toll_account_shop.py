"""Accounts that a paid order opens, and what becomes of their TAGs sold."""

from odoo import models


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _sign_up_top_up(self, topup):
        if topup.get("order"):
            # paid with the order: the payment brings it
            return self.env["toll.wallet.entry"]
        return super()._sign_up_top_up(topup)

    def _toll_invite_buyer(self):
        """A user of the virtual office for a new buyer.

        An address that somebody signs in with already is told, and nothing else: a
        person puts the two together.
        """
        partner = self.partner_id
        users = self.env["res.users"].with_context(active_test=False)
        if partner.user_ids or not partner.email:
            return
        known = users.search([("login", "=ilike", partner.email)], limit=1)
        if not known:
            self._invite_to_portal()
            return
        self._mail_known_customer(known.partner_id)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Order with the address of another customer"),
            note=self.env._(
                "%(email)s signs in as %(name)s: ask whether both are the same.",
                email=partner.email,
                name=known.partner_id.display_name,
            ),
            user_id=(
                self.company_id.toll_check_user_id or self.env.ref("base.user_admin")
            ).id,
        )

    def _merge_records(self, target):
        """What was sold to the account is the other one's."""
        self._toll_owned("toll.tag.sale").account_id = target
        return super()._merge_records(target)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _toll_tags_sold(self):
        # the customer's own rows, whichever role may read them
        sales_sudo = self.env["toll.tag.sale"].sudo()
        family = self.commercial_partner_id
        return sales_sudo.search([("partner_id", "child_of", family.ids)])

    def _toll_export_files(self):
        """TAGs bought, too."""
        files = super()._toll_export_files()
        files["tags_bought.csv"] = self._toll_csv(
            self._toll_tags_sold(),
            ("create_date", "product_id", "plate", "class_id", "lot_id", "state"),
        )
        return files

    def _toll_pseudonymise(self):
        """That TAGs were sold stays; for which plate, and from where, goes."""
        sales_sudo = self._toll_tags_sold()
        result = super()._toll_pseudonymise()
        sales_sudo.write({"plate": False, "problem": False})
        sales_sudo.order_id.write({"toll_accepted_ip": False})
        return result
