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
            (
                "lane_part",
                self.env._("Every installed part stands in its lane"),
                self._check_lane_part,
            ),
            (
                "tag_guarantee",
                self.env._("Guarantees held for TAGs are those in the books"),
                self._check_tag_guarantees,
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

    def _check_lane_part(self):
        self.env.flush_all()
        return [
            self.env._("Part %(part)s: %(detail)s", part=name, detail=detail)
            for name, detail in self.env.execute_query(
                queries.tag_check.part_elsewhere()
            )
        ]

    def _tag_differences(self, query):
        self.env.flush_all()
        return [
            self.env._("TAG %(tag)s: %(detail)s", tag=name, detail=detail)
            for name, detail in self.env.execute_query(query)
        ]

    def _check_tag_guarantees(self):
        held = dict(
            self.env["toll.tag.assignment"]._read_group(
                [("guarantee_state", "=", "held")],
                ["company_id"],
                ["guarantee_amount:sum"],
            )
        )
        differences = []
        for company in self.env["res.company"].search(
            [("toll_guarantee_account_id", "!=", False)]
        ):
            [(balance,)] = self.env["account.move.line"]._read_group(
                [
                    ("account_id", "=", company.toll_guarantee_account_id.id),
                    ("company_id", "=", company.id),
                    ("parent_state", "=", "posted"),
                ],
                [],
                ["balance:sum"],
            )
            gap = held.get(company, 0) + (balance or 0)
            if not company.currency_id.is_zero(gap):
                differences.append(
                    self.env._(
                        "%(company)s: guarantees held and books differ by %(gap)s.",
                        company=company.name,
                        gap=company.currency_id.format(gap),
                    )
                )
        return differences
