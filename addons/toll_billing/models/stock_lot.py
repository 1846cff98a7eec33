from datetime import timedelta

from odoo import fields, models

from ..queries import tag_park as queries

MISREAD_DAYS = 90
MISREAD_LEAST = 10


class StockLot(models.Model):
    _inherit = "stock.lot"

    def _toll_trace_events(self):
        """Where the TAG was used: one event per month."""
        currency = self.company_id.currency_id
        return [
            *super()._toll_trace_events(),
            *(
                self._toll_event(
                    last,
                    "crossing",
                    self.env._("%s crossings in the month", count),
                    currency.format(float(amount)),
                )
                for last, count, amount in self.env.execute_query(
                    queries.months_of_tag(self.id)
                )
            ),
        ]


class TollTagCampaign(models.Model):
    _inherit = "toll.tag.campaign"

    def _get_misread_rates(self, lots):
        """How often lanes charged the vehicle by its plate though it had the TAG."""
        since = fields.Datetime.now() - timedelta(days=MISREAD_DAYS)
        if self.target == "part":
            return self.env["toll.part.read"]._get_misread_rates(lots, since)
        self.env.flush_all()
        rows = self.env.execute_query(
            queries.misread_rates(lots.ids, since, MISREAD_LEAST)
        )
        return {lots.browse(lot_id): float(rate) for lot_id, rate in rows}


class TollTagAssignment(models.Model):
    _inherit = "toll.tag.assignment"

    def _prepare_charge_vals(self, product, price, label):
        """What a TAG costs is an invoice of the account."""
        vals = super()._prepare_charge_vals(product, price, label)
        return vals | {"toll_account_id": self.account_id.id}

    def _charge(self, product, price, label):
        """Prepaid money pays it at once, as far as it goes."""
        invoice = super()._charge(product, price, label)
        if invoice:
            self.account_id._settle_open_invoices()
        return invoice
