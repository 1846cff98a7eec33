from markupsafe import Markup

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ..core import numbers


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _change_plan(self, plan, note, **vals):
        """Take over another plan; the contract in force ends, a new one is made."""
        self.ensure_one()
        self.check_access("write")
        if self.state == "closed":
            raise UserError(
                self.env._("Account %(number)s is closed.", number=self.number)
            )
        if plan == self.plan_id and plan.payment_mode == self.payment_mode:
            raise UserError(
                self.env._("Account %(number)s has this plan.", number=self.number)
            )
        before = self.plan_id.name or "–"
        self.write({**plan._prepare_account_vals(), **vals})
        # whoever may change the plan changes its contract
        contracts_sudo = self.sudo().contract_ids
        contracts_sudo._toll_end(note=note)
        contract_sudo = self._open_contract()
        self._message_log(
            body=self.env._(
                "Plan changed from %(before)s to %(after)s: %(note)s",
                before=before,
                after=plan.name,
                note=note,
            )
        )
        return contract_sudo.sudo(self.env.su)

    def _change_customer_data(self, values, note):
        """Write the person's data and keep the old ones in the account's history."""
        self.ensure_one()
        self.check_access("write")
        if values.get("email") and not email_normalize(values["email"]):
            raise UserError(
                self.env._(
                    "E-mail: %(email)s is not an e-mail address.",
                    email=values["email"],
                )
            )
        if values.get("phone") and len(numbers.digits(values["phone"])) < 7:
            raise UserError(
                self.env._(
                    "Telephone: %(phone)s is not a telephone number.",
                    phone=values["phone"],
                )
            )
        partner = self.partner_id
        lines, changed = [], {}
        for name, value in values.items():
            field = partner._fields[name]
            old = partner[name]
            old_id = old.id if field.relational else old
            if (old_id or False) == (value or False):
                continue
            changed[name] = value
            new = field.convert_to_record(
                field.convert_to_cache(value, partner), partner
            )
            shown = [
                (v.display_name if field.relational else v) or "–" for v in (old, new)
            ]
            label = field._description_string(self.env)
            lines.append(Markup("<li>%s: %s → %s</li>") % (label, shown[0], shown[1]))
        if not changed:
            raise UserError(self.env._("Nothing is different from what is on record."))
        partner.write(changed)
        self._message_log(
            body=Markup("<p>%s</p><ul>%s</ul>") % (note, Markup("").join(lines))
        )

    def action_open_mode_change(self):
        return self._open_assistant("toll_mode_change_action")

    def action_open_data_change(self):
        return self._open_assistant("toll_data_change_action")

    def _open_assistant(self, name, **context):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"toll_account.{name}")
        return dict(action, context={"default_account_id": self.id, **context})
