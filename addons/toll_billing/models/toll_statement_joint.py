from odoo import fields, models


class TollStatement(models.Model):
    """Statements of a fleet's parts that one invoice charges."""

    _inherit = "toll.statement"  # pylint: disable=consider-merging-classes-inherited

    payer_id = fields.Many2one(
        "toll.account",
        string="Invoiced With",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The main account whose customer gets the invoice.",
    )
    is_main = fields.Boolean(compute="_compute_joint", compute_sudo=True)
    part_ids = fields.Many2many(
        "toll.statement",
        string="Statements of the Invoice",
        compute="_compute_joint",
        compute_sudo=True,
        help="Of all accounts that the invoice of this statement charges.",
    )
    joint_amount = fields.Monetary(
        string="To Be Paid for All Parts", compute="_compute_joint", compute_sudo=True
    )

    def _compute_joint(self):
        joint = self.filtered("payer_id")
        found = self.search(
            [
                ("run_id", "in", joint.run_id.ids),
                ("payer_id", "in", joint.payer_id.ids),
            ]
        ).grouped(lambda s: (s.run_id, s.payer_id))
        for statement in self:
            parts = found.get((statement.run_id, statement.payer_id), self.browse())
            statement.is_main = statement.account_id == statement.payer_id
            statement.part_ids = parts.sorted(
                lambda s: (s.account_id != s.payer_id, s.account_id.number)
            )
            statement.joint_amount = sum(parts.mapped("amount_due"))

    def _is_joint(self):
        """Does this main account's invoice charge others, too?"""
        self.ensure_one()
        return self.is_main and len(self.part_ids) > 1

    def _get_invoiced(self):
        """The statements that the invoice of this one charges."""
        self.ensure_one()
        return self.part_ids if self._is_joint() else self

    def _get_document_statements(self):
        """Those that documents name: of a part, its main account's statement."""
        own = self.filtered(lambda s: not s.payer_id or s.is_main)
        return own | (self - own).sudo().part_ids.filtered("is_main")

    def _get_document_counts(self):
        """{statement: how many documents}, whoever asks."""
        counts = dict(
            self.env["account.move"]
            .sudo()
            ._read_group(
                [("toll_statement_id", "in", self._get_document_statements().ids)],
                ["toll_statement_id"],
                ["__count"],
            )
        )
        return {
            statement: sum(
                counts.get(document, 0)
                for document in statement._get_document_statements()
            )
            for statement in self
        }

    def _get_share_rows(self):
        """[(number, name, crossings, amount, paid from the deposit)] of the invoice."""
        self.ensure_one()
        # who gets the invoice may see what it consists of
        return [
            (
                part.account_id.number,
                part.partner_id.display_name,
                part.crossing_count,
                part.amount_due,
                part.amount_settled,
            )
            for part in self._get_invoiced().sudo()
            if part.amount_due or part.crossing_count
        ]
