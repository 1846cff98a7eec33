from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import discount_share as queries


class TollDiscountShare(models.Model):
    """What volume discounts take off the revenue of a plaza and day.

    Written with the invoices, never changed: a correction comes as another share.
    """

    _name = "toll.discount.share"
    _description = "Share of Volume Discounts"
    _order = "day desc, operator_id, plaza_id, id"
    _rec_name = "plan_id"

    run_id = fields.Many2one(
        "toll.billing.run", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    plan_id = fields.Many2one(
        "toll.discount.plan", required=True, readonly=True, ondelete="restrict"
    )
    operator_id = fields.Many2one(
        "toll.operator", required=True, readonly=True, ondelete="restrict"
    )
    plaza_id = fields.Many2one("toll.plaza", readonly=True, ondelete="restrict")
    service = fields.Char(string="Service Code", required=True, readonly=True)
    payment_mode = fields.Selection(
        lambda self: self.env["toll.traffic.day"]._selection_of(
            "toll.account", "payment_mode"
        ),
        string="Kind of Account",
        readonly=True,
    )
    period = fields.Date(string="Month", required=True, readonly=True)
    day = fields.Date(
        required=True, readonly=True, help="Of the crossings, by the plaza's clock."
    )
    amount = fields.Monetary(string="Taken Off", readonly=True, aggregator="sum")

    _day_idx = models.Index("(operator_id, day)")

    def init(self):
        """Discounts that were invoiced before there were shares."""
        self.env.cr.execute(queries.share(queries.missing(), self.env.uid))

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("Shares are written with the invoices."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Shares are written with the invoices."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Shares are written with the invoices."))

    @api.model
    def _share(self, condition):
        """Share out discount lines, see ``queries.discount_share``."""
        self.env.flush_all()
        ((found,),) = self.env.execute_query(queries.exists(condition))
        if found:
            self.env.cr.execute(queries.share(condition, self.env.uid))
            self.invalidate_model()


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    def _finish(self, statements, jobs, moves):
        fresh = statements.filtered(lambda statement: statement.state != "invoiced")
        result = super()._finish(statements, jobs, moves)
        self.env["toll.discount.share"]._share(queries.of_statements(fresh.ids))
        return result


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    def _give_back_carried(self):
        move_sudo = super()._give_back_carried()
        if move_sudo:
            self.env["toll.discount.share"]._share(queries.of_credit_note(move_sudo.id))
        return move_sudo


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"  # pylint: disable=consider-merging-classes-inherited

    def _rules(self):
        return [
            *super()._rules(),
            (
                "billing-discount-share",
                self.env._("Shares of plazas are the volume discounts"),
                self._check_discount_shares,
            ),
        ]

    def _check_discount_shares(self):
        return self._texts(queries.differences())
