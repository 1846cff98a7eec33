"""What happens to packs while nobody looks: they end, and the next one is bought."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..queries import pack as queries


class TollAccountPack(models.Model):
    _inherit = "toll.account.pack"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _cron_look_after(self):
        """End what is over, tell the customers, renew what they want renewed."""
        # only where packs run, or one may be renewed
        wanted = Domain("state", "=", "active") | Domain("is_renewed", "=", True)
        for (company,) in self._read_group(wanted, ["company_id"]):
            scoped = self.with_company(company)
            today = company._toll_today()
            mine = Domain("company_id", "=", company.id)
            scoped._end_over(mine, today)
            scoped._tell_ends(mine, today)
            scoped._renew_ended(mine, today)

    def _end_over(self, mine, today):
        over = self.search(
            mine & Domain("state", "=", "active") & Domain("date_to", "<", today)
        )
        if over:
            over._hold()
            self.env.cr.execute(queries.expire(over.ids))
            over.invalidate_recordset()

    def _tell_ends(self, mine, today):
        running = mine & Domain("state", "=", "active")
        untold = running & Domain("end_told_at", "=", False)
        for (offer,) in self._read_group(untold, ["pack_id"]):
            if not offer.notice_days:
                continue
            last = today + timedelta(offer.notice_days)
            for held in self.search(
                untold
                & Domain("pack_id", "=", offer.id)
                & Domain("date_to", "<=", last)
            ):
                if held._tell("end"):
                    held.end_told_at = fields.Datetime.now()
        few = self.search(
            running & Domain("left_told_at", "=", False) & Domain("kind", "!=", "pass")
        ).filtered(lambda held: held._has_little_left())
        for held in few:
            if held._tell("left"):
                held.left_told_at = fields.Datetime.now()

    def _has_little_left(self):
        self.ensure_one()
        percent = self.pack_id.notice_percent
        if self.kind == "crossings":
            return self.crossings_left * 100 <= self.crossings_given * percent
        return self.amount_left * 100 <= self.amount_given * percent

    def _tell(self, what):
        """One word to the customer, outside the quiet hours; later if not now."""
        self.ensure_one()
        if self.partner_id._toll_is_quiet(fields.Datetime.now()):
            return False
        held = self.with_context(lang=self.partner_id.lang)
        day = held.env["ir.qweb.field.date"].value_to_html(held.date_to, {})
        names = {"pack": held.pack_id.name, "left": held._get_left(), "day": day}
        if what == "end":
            subject = held.env._("Your pack ends soon")
            body = held.env._("“%(pack)s” ends on %(day)s; you have %(left)s.", **names)
        else:
            subject = held.env._("Your pack is nearly used up")
            body = held.env._("“%(pack)s”: %(left)s are left, until %(day)s.", **names)
        if held.is_renewed:
            body += " " + held.env._("The next one is bought by itself.")
        held.account_id._tell("other", subject, body, f"pack-{what}-{self.name}")
        return True

    def _renew_ended(self, mine, today):
        ended = self.search(
            mine
            & Domain("is_renewed", "=", True)
            & Domain("renewed_id", "=", False)
            & Domain("renewal_error", "=", False)
            & Domain("state", "in", ("used", "expired"))
        )
        for held in ended:
            held._renew()

    def _renew(self):
        """Buy the next one, once; where that is not possible, say so, once."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self.renewed_id = self.account_id._buy_pack(
                    self.pack_id,
                    self.vehicle_id,
                    origin="renewal",
                    key=f"renewal,{self.id}",
                    is_renewed=True,
                )
        except UserError as error:
            held = self.with_context(lang=self.partner_id.lang)
            held.renewal_error = str(error.args[0])
            held.account_id._tell(
                "other",
                held.env._("Your pack could not be renewed"),
                held.env._(
                    "“%(pack)s” was not renewed: %(reason)s",
                    pack=held.pack_id.name,
                    reason=held.renewal_error,
                ),
                f"pack-renewal-{self.name}",
            )
