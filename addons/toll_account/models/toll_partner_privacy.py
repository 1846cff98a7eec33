import csv
import io
import json
import zipfile

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..core.spreadsheet import safe_cell

MANAGER = "toll_account.group_toll_manager"


class ResPartner(models.Model):
    """A customer's copy of his data, and its end."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "res.partner"

    toll_legal_hold = fields.Boolean(
        string="Legal Hold",
        tracking=True,
        copy=False,
        groups="toll_account.group_toll_agent",
        help="A dispute or an authority needs the data: it must not be erased.",
    )
    toll_erased_at = fields.Datetime(
        string="Erased on",
        readonly=True,
        copy=False,
        groups="toll_account.group_toll_agent",
    )

    def _toll_signup_url(self):
        """The link in the e-mail with which a new customer sets the password."""
        self.ensure_one()
        return self._get_signup_url_for_action().get(self.id)

    # A copy of the data

    def _toll_export_zip(self):
        """All that is kept of this customer, as JSON and CSV in one archive.

        The caller has checked that it is the customer's own user or may see all.
        """
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._toll_export_files().items():
                archive.writestr(name, content)
        return out.getvalue()

    def _toll_export_files(self):
        """{file name: text}; other addons add theirs."""
        self.ensure_one()
        # the customer's own records, whichever role may read their models
        accounts_sudo = self.sudo().commercial_partner_id._toll_all_accounts()
        me = {
            "name": self.name,
            "email": self.email or None,
            "phone": self.phone or None,
            "tax_id": self.vat or None,
            "address": self.contact_address or None,
            "language": self.lang,
            "accounts": [
                {
                    "number": account.number,
                    "state": account.state,
                    "mode": account.payment_mode,
                    "opened_at": fields.Datetime.to_string(account.opened_at) or None,
                    "balance": account.balance,
                    "currency": account.currency_id.name,
                }
                for account in accounts_sudo
            ],
        }
        vehicles = accounts_sudo.with_context(active_test=False).vehicle_ids
        entries = accounts_sudo.env["toll.wallet.entry"].search(
            [("account_id", "in", accounts_sudo.ids), ("kind", "!=", "usage")]
        )
        consents = accounts_sudo.env["toll.consent"].search(
            [("partner_id", "child_of", self.commercial_partner_id.id)]
        )
        requests = accounts_sudo.env["toll.request"].search(
            [("partner_id", "child_of", self.commercial_partner_id.id)]
        )
        messages = accounts_sudo.message_out_ids
        calls = accounts_sudo.call_ids
        drivers = accounts_sudo._toll_owned("toll.driver")
        documents = accounts_sudo._toll_owned("toll.document")
        return {
            "contacts.csv": self._toll_csv(
                calls, ("started_at", "channel", "phone", "caller", "code_id", "note")
            ),
            "drivers.csv": self._toll_csv(drivers, ("name", "licence", "phone")),
            "documents.csv": self._toll_csv(
                documents, ("name", "kind", "issue_date", "expiry_date")
            ),
            "messages.csv": self._toll_csv(
                messages, ("create_date", "channel", "purpose", "to", "text", "state")
            ),
            "customer.json": json.dumps(me, ensure_ascii=False, indent=2),
            "vehicles.csv": self._toll_csv(
                vehicles, ("plate", "class_id", "make", "model", "date_from", "date_to")
            ),
            "payments.csv": self._toll_csv(
                entries, ("occurred_at", "account_id", "kind", "amount", "ref")
            ),
            "consents.csv": self._toll_csv(
                consents, ("occurred_at", "purpose", "granted", "version", "channel")
            ),
            "requests.csv": self._toll_csv(
                requests,
                ("number", "opened_at", "type_id", "description", "resolution"),
            ),
        }

    def _toll_all_accounts(self):
        return (
            self.env["toll.account"]
            .with_context(active_test=False)
            .search([("commercial_partner_id", "=", self.id)])
        )

    def _toll_csv(self, records, names):
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(names)
        for record in records:
            cells = []
            for name in names:
                value = record[name]
                if isinstance(value, models.BaseModel):
                    value = value.display_name
                elif isinstance(value, bool) and record._fields[name].type != "boolean":
                    value = ""
                cells.append(safe_cell(str(value)) if value != "" else "")
            writer.writerow(cells)
        return "\ufeff" + out.getvalue()

    # Erasure

    def _toll_erasure_problem(self):
        """Why the data must stay for now, in the customer's words, or None."""
        self.ensure_one()
        partner_sudo = self.sudo().commercial_partner_id
        if partner_sudo.toll_legal_hold:
            return self.env._("A pending proceeding needs the data.")
        accounts = partner_sudo._toll_all_accounts()
        if accounts.filtered(lambda account: account.state not in ("closed", "draft")):
            return self.env._("There is an open account: it has to be closed first.")
        closed = [account.closed_at for account in accounts if account.closed_at]
        if closed:
            company = accounts[0].company_id
            months = self.env["toll.retention"]._get_months(company).get("customer", 0)
            until = max(closed) + relativedelta(months=months)
            if until > fields.Datetime.now():
                return self.env._(
                    "The law asks us to keep the data until %(date)s.",
                    date=fields.Date.to_string(until),
                )
        return None

    def action_toll_pseudonymise(self):
        """Take out what leads to the person; amounts and dates stay for the books."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only a manager may erase a customer's personal data.")
            )
        for partner in self.commercial_partner_id:
            problem = partner._toll_erasure_problem()
            if problem:
                raise UserError(problem)
            # users, payment methods and messages are out of a manager's reach
            partner.sudo()._toll_pseudonymise()
        return True

    def _toll_pseudonymise(self):
        """In superuser mode: the person, the contacts, and what they wrote."""
        people = self.with_context(active_test=False).search(
            [("id", "child_of", self.id)]
        )
        users = people.with_context(active_test=False).user_ids
        if users.filtered(lambda user: not user.share):
            raise UserError(
                self.env._("An employee's data is not erased with a customer's.")
            )
        self.env["payment.token"].search([("partner_id", "in", people.ids)]).write(
            {"active": False}
        )
        for user in users:
            user.write({"active": False, "login": f"erased-{user.id}"})
        for person in people:
            person.with_context(tracking_disable=True).write(
                {
                    "name": self.env._("Erased customer %(id)s", id=person.id),
                    "email": False,
                    "phone": False,
                    "vat": False,
                    "street": False,
                    "street2": False,
                    "zip": False,
                    "city": False,
                    "comment": False,
                    "website": False,
                    "image_1920": False,
                    "toll_erased_at": fields.Datetime.now(),
                }
            )
        accounts = self._toll_all_accounts()
        for vehicle in accounts.with_context(active_test=False).vehicle_ids:
            vehicle.with_context(tracking_disable=True).write(
                {"plate": f"ERASED{vehicle.id:09}", "make": False, "model": False}
            )
        accounts.message_out_ids._erase_words()
        accounts.call_ids._erase_words()
        for driver in accounts._toll_owned("toll.driver"):
            driver._erase_words()
        # scans of identity cards and the like; their files go with them
        accounts._toll_owned("toll.document").unlink()
        requests = self.env["toll.request"].search([("partner_id", "in", people.ids)])
        self._toll_erase_messages("res.partner", people.ids)
        self._toll_erase_messages("toll.request", requests.ids)
        self._toll_erase_messages("toll.vehicle", accounts.vehicle_ids.ids)
        requests.with_context(tracking_disable=True).write(
            {
                "description": "–",
                "contact_name": self.env._("Erased customer %(id)s", id=self.id),
                "contact_email": False,
                "contact_phone": False,
            }
        )
        (people + accounts.partner_id)[:1]._message_log(
            body=self.env._("Personal data erased.")
        )

    def _toll_erase_messages(self, model, ids):
        domain = [("model", "=", model), ("res_id", "in", ids)]
        self.env["mail.message"].search(domain).unlink()
        self.env["ir.attachment"].search(
            [("res_model", "=", model), ("res_id", "in", ids)]
        ).unlink()

    def action_view_toll_consents(self):
        self.ensure_one()
        return dict(
            self.env["ir.actions.act_window"]._for_xml_id(
                "toll_account.toll_consent_action"
            ),
            domain=[("partner_id", "child_of", self.commercial_partner_id.id)],
            context={"default_partner_id": self.id},
        )
