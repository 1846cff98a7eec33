from odoo import api, models

from .. import queries


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"

    @api.model
    def _rules(self):
        return super()._rules() + [
            (
                "tag_location",
                self.env._("Every assigned TAG stands at a customer location"),
                self._check_tag_location,
            ),
            (
                "tag_vehicle",
                self.env._("No TAG is assigned to a vehicle that left its account"),
                self._check_tag_vehicle,
            ),
            (
                "tag_holder",
                self.env._("A TAG's state, account and vehicle are its assignment's"),
                self._check_tag_holder,
            ),
            (
                "tag_status",
                self.env._("Every TAG that was assigned has a lane status"),
                self._check_tag_status,
            ),
        ]

    def _check_tag_location(self):
        return self._tag_differences(queries.tag_check.not_at_customer())

    def _check_tag_vehicle(self):
        return self._tag_differences(queries.tag_check.without_vehicle())

    def _check_tag_holder(self):
        return self._tag_differences(queries.tag_check.holder_differs())

    def _check_tag_status(self):
        return self._tag_differences(queries.tag_check.status_differs())

    def _tag_differences(self, query):
        self.env.flush_all()
        return [
            self.env._("TAG %(tag)s: %(detail)s", tag=name, detail=detail)
            for name, detail in self.env.execute_query(query)
        ]
