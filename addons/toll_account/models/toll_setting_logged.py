"""The models of configuration whose changes are written down."""

from odoo import models


class TollOffice(models.Model):
    _name = "toll.office"
    _inherit = ["toll.office", "toll.setting.mixin"]


class TollOperator(models.Model):
    _name = "toll.operator"
    _inherit = ["toll.operator", "toll.setting.mixin"]


class TollPlaza(models.Model):
    _name = "toll.plaza"
    _inherit = ["toll.plaza", "toll.setting.mixin"]


class TollLane(models.Model):
    _name = "toll.lane"
    _inherit = ["toll.lane", "toll.setting.mixin"]


class TollVehicleClass(models.Model):
    _name = "toll.vehicle.class"
    _inherit = ["toll.vehicle.class", "toll.setting.mixin"]


class TollStateReason(models.Model):
    _name = "toll.state.reason"
    _inherit = ["toll.state.reason", "toll.setting.mixin"]


class TollQualityRule(models.Model):
    _name = "toll.quality.rule"
    _inherit = ["toll.quality.rule", "toll.setting.mixin"]


class TollQualityWeight(models.Model):
    _name = "toll.quality.weight"
    _inherit = ["toll.quality.weight", "toll.setting.mixin"]


class TollSalesChannel(models.Model):
    _name = "toll.sales.channel"
    _inherit = ["toll.sales.channel", "toll.setting.mixin"]


class TollCommissionRule(models.Model):
    _name = "toll.commission.rule"
    _inherit = ["toll.commission.rule", "toll.setting.mixin"]


class TollPlan(models.Model):
    _name = "toll.plan"
    _inherit = ["toll.plan", "toll.setting.mixin"]

    def _get_setting_parts(self):
        return [*super()._get_setting_parts(), self.fee_ids]


class TollPlanFee(models.Model):
    _name = "toll.plan.fee"
    _inherit = ["toll.plan.fee", "toll.setting.mixin"]


class TollSettingGuard(models.Model):
    _name = "toll.setting.guard"
    _inherit = ["toll.setting.guard", "toll.setting.mixin"]


class ResCompany(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "res.company"

    def write(self, vals):
        """Of the company only what this suite adds to it."""
        self.env["toll.setting.guard"]._check_write(self, vals)
        log = self.env["toll.setting.log"]
        names = [name for name in vals if name.startswith("toll_")]
        before = log._get_values(self, log._get_logged_fields(self, names))
        result = super().write(vals)
        log._log_changes(self, before)
        return result
