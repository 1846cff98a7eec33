"""Statements: what an account used in a period, and how its wallet moved."""

from odoo.http import content_disposition, request, route

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.toll_account.controllers.portal import MAX_ACCOUNT_ID

from .portal_words import TollCrossingWords


class TollStatementPortal(TollCrossingWords):
    def _toll_statement_domain(self, accounts):
        return [("account_id", "in", accounts.ids), ("state", "=", "invoiced")]

    @route(
        ["/my/toll/statements", "/my/toll/statements/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_statements(self, page=1, account=None, **kw):
        values = self._toll_layout_values("toll_statements")
        accounts = values["toll_accounts"]
        chosen = self._toll_account(accounts, account)
        if account and not chosen:
            return request.redirect("/my/toll/statements")
        statements = request.env["toll.statement"]
        if not statements.has_access("read"):
            return request.redirect("/my/toll")
        domain = self._toll_statement_domain(chosen or accounts)
        pager = portal_pager(
            url="/my/toll/statements",
            url_args={"account": chosen.id} if chosen else {},
            total=statements.search_count(domain),
            page=page,
            step=self._toll_items_per_page,
        )
        statements = statements.search(
            domain,
            order="period_to desc, id desc",
            limit=self._toll_items_per_page,
            offset=max(pager["offset"], 0),
        )
        values.update(
            {"statements": statements, "pager": pager, "toll_account": chosen}
        )
        return request.render("toll_billing.portal_my_toll_statements", values)

    def _toll_statement(self, accounts, statement_id):
        """An issued statement of these accounts, or none."""
        statement = request.env["toll.statement"]
        if statement_id > MAX_ACCOUNT_ID:
            return statement
        statement = self._toll_record("toll.statement", statement_id)
        issued = statement.state == "invoiced" and statement.account_id in accounts
        return statement if issued else statement.browse()

    @route(
        "/my/toll/statements/<int:statement_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_statement(self, statement_id, **kw):
        values = self._toll_layout_values("toll_statements")
        statement = self._toll_statement(values["toll_accounts"], statement_id)
        if not statement:
            return request.redirect("/my/toll/statements")
        # Operators and services are catalogues; the lines belong to the statement.
        lines_sudo = statement.sudo().line_ids
        invoice = self._toll_record("account.move", statement.sudo().move_id.id)
        values.update(
            {
                "statement": statement,
                "lines": lines_sudo,
                "invoice": invoice,
                "shares": statement._get_share_rows() if statement._is_joint() else [],
            }
        )
        return request.render("toll_billing.portal_my_toll_statement", values)

    @route(
        "/my/toll/statements/<int:statement_id>/<string:kind>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_statement_file(self, statement_id, kind, **kw):
        """The statement's crossings as a file."""
        statement = self._toll_statement(self._toll_accounts(), statement_id)
        kind, whole = kind.removeprefix("all-"), kind.startswith("all-")
        if (
            not statement
            or kind not in ("csv", "xlsx", "pdf")
            or (whole and (kind == "pdf" or not statement._is_joint()))
        ):
            return request.redirect("/my/toll/statements")
        # plazas and TAGs: rows of the customer's own invoice
        statement_sudo = statement.sudo()
        if kind == "csv":
            mimetype = "text/csv; charset=utf-8"
            data = statement_sudo._annex_csv(whole)
        elif kind == "pdf":
            # customers may not read reports; the statement is theirs
            report_sudo = request.env["ir.actions.report"].sudo()
            mimetype = "application/pdf"
            data, _kind = report_sudo._render_qweb_pdf(
                "toll_billing.toll_statement_action_report", statement.ids
            )
        else:
            mimetype = (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            )
            data = statement_sudo._annex_xlsx(whole)
        return request.make_response(
            data,
            headers=[
                ("Content-Type", mimetype),
                (
                    "Content-Disposition",
                    content_disposition(f"{statement.name}.{kind}"),
                ),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
