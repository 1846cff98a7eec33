"""HTTP interface for toll operators: the tickets that their lanes have printed."""

from odoo.http import request

from .api import MAX_BYTES, TollApi, api_route, parse_body
from .dispatcher import ApiError


class TollTicketApi(TollApi):
    """Described for the other side in docs/api.md."""

    @api_route("/toll/api/v1/tickets", "POST", max_content_length=MAX_BYTES)
    def post_tickets(self, **_query):
        """The fate of each ticket, in the order sent."""
        operator = self._get_operator()
        tickets = parse_body(self._get_body(), "tickets")
        # The integration user may only read its own rows; storing tickets is the work
        # of the intake, bound to the operator of the key.
        batches_sudo = request.env["toll.ticket.batch"].sudo()
        batch_sudo, results = batches_sudo._post_tickets(operator.sudo(), tickets)
        return request.make_json_response(
            {
                "batch_id": batch_sudo.id,
                "results": [
                    {name: value or None for name, value in result.items()}
                    for result in results
                ],
            }
        )

    @api_route(
        "/toll/api/v1/tickets", "GET", "HEAD", "PUT", "PATCH", "DELETE", auth="none"
    )
    def wrong_ticket_method(self, **_query):
        raise ApiError(405, "method_not_allowed", "Use POST.")
