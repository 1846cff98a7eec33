from odoo import api, models

from ..core import ticket_file


class TollTicketBatch(models.Model):
    """Lane tickets of an operator's program: a call is a file with a few rows."""

    _inherit = "toll.ticket.batch"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _post_tickets(self, operator, tickets):
        """(batch, fate of each ticket in the order sent); the same call adds nothing.

        Whoever calls has made sure that the operator sends them.
        """
        content = ticket_file.write(tickets)
        batch, is_new = self._receive(operator, "API", content)
        stored = {
            ticket.line: ticket.id
            for ticket in self.env["toll.ticket"].search([("batch_id", "=", batch.id)])
        }
        faults = {fault.line: fault for fault in batch.fault_ids}
        results = []
        for line, ticket in enumerate(tickets, 2):  # the first one is the header
            fault = faults.get(line)
            if fault:
                fate = (fault.fate, fault.reason, fault.value)
            else:
                fate = (
                    ("stored", None, None)
                    if is_new
                    else (
                        "duplicate",
                        "repeated",
                        None,
                    )
                )
            results.append(
                {
                    "folio": ticket.get("folio"),
                    "state": fate[0],
                    "reason": fate[1],
                    "detail": fate[2],
                    "id": stored.get(line),
                }
            )
        return batch, results
