"""Requests and claims: the list, one with its messages, a new one."""

from odoo.exceptions import UserError
from odoo.http import content_disposition, request, route
from odoo.tools import plaintext2html

from odoo.addons.portal.controllers.portal import pager as portal_pager

from .portal import MAX_ACCOUNT_ID, TollPortal

# What a customer may send along, by the ending of the name; the browser never shows
# such a file in this site, it only saves it.
FILE_ENDINGS = (".pdf", ".jpg", ".jpeg", ".png", ".webp", ".txt", ".csv", ".xlsx")
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_FILES = 5
MAX_MESSAGE = 5000


class TollRequestPortal(TollPortal):
    # === Helpers ===

    def _toll_request_types(self):
        types = request.env["toll.request.type"]
        return types.search([("is_customer", "=", True)])

    def _toll_uploads(self, name="files"):
        """[(name, bytes)] of the files in the form; raise for what is not taken."""
        files = []
        for upload in request.httprequest.files.getlist(name)[: MAX_FILES + 1]:
            if not upload.filename:
                continue
            filename = upload.filename.replace("\\", "/").rpartition("/")[2]
            filename = "".join(c for c in filename if c.isprintable())[:120]
            if not filename.lower().endswith(FILE_ENDINGS):
                raise UserError(
                    request.env._(
                        "%(name)s cannot be attached: please send a PDF, an image, a "
                        "text or a spreadsheet.",
                        name=filename,
                    )
                )
            content = upload.read(MAX_FILE_BYTES + 1)
            if len(content) > MAX_FILE_BYTES:
                raise UserError(
                    request.env._(
                        "%(name)s is larger than %(size)s MB.",
                        name=filename,
                        size=MAX_FILE_BYTES // 1024 // 1024,
                    )
                )
            files.append((filename, content))
        return files

    def _toll_own_request(self, request_id):
        requests = request.env["toll.request"]
        if request_id > MAX_ACCOUNT_ID:
            return requests
        record = self._toll_record("toll.request", request_id)
        # Employees may read every request; here they have only their own.
        mine = request.env.user.commercial_partner_id
        return record.filtered(
            lambda r: r.sudo().partner_id.commercial_partner_id == mine
        )

    def _toll_request_list(self, page_name, url, template, domain, page):
        values = self._toll_layout_values(page_name)
        requests = request.env["toll.request"]
        if not requests.has_access("read"):
            return request.redirect("/my/toll")
        partner = request.env.user.commercial_partner_id
        domain = [("partner_id", "child_of", partner.id), *domain]
        pager = portal_pager(
            url=url,
            total=requests.search_count(domain),
            page=page,
            step=self._toll_items_per_page,
        )
        values["requests"] = requests.search(
            domain,
            order="opened_at desc, id desc",
            limit=self._toll_items_per_page,
            offset=max(pager["offset"], 0),
        )
        values["pager"] = pager
        return request.render(template, values)

    # === Lists ===

    @route(
        ["/my/toll/requests", "/my/toll/requests/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_requests(self, page=1, **kw):
        return self._toll_request_list(
            "toll_requests",
            "/my/toll/requests",
            "toll_account.portal_my_toll_requests",
            [],
            page,
        )

    @route(
        ["/my/toll/claims", "/my/toll/claims/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_claims(self, page=1, **kw):
        return self._toll_request_list(
            "toll_claims",
            "/my/toll/claims",
            "toll_account.portal_my_toll_requests",
            [("type_id.code", "=", "claim")],
            page,
        )

    # === A new one ===

    @route(
        "/my/toll/requests/new",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_request_new(self, type_code=None, account=None, **post):
        values = self._toll_layout_values("toll_requests")
        accounts = values["toll_accounts"]
        chosen = self._toll_account(accounts, account)
        if account and not chosen:
            return request.redirect("/my/toll/requests")
        error = None
        if request.httprequest.method == "POST":
            try:
                new = self._toll_open_request(type_code, chosen, post)
                return request.redirect(f"/my/toll/requests/{new.id}?done=1")
            except UserError as problem:
                error = str(problem.args[0])
        about = self._toll_request_about(post)
        values.update(
            {
                "types": self._toll_request_types(),
                "type_code": type_code,
                "toll_account": chosen or accounts[:1],
                "description": post.get("description") or about.get("description", ""),
                "about": about,
                "error": error,
            }
        )
        return request.render("toll_account.portal_my_toll_request_new", values)

    def _toll_request_about(self, post):
        """What the request is about, found among the customer's own records.

        ``text`` and ``description`` are shown, ``hidden`` comes back with the form,
        ``vals`` go to the request. Other addons know more.
        """
        vehicle_id = self._toll_int(post.get("vehicle"))
        vehicle = vehicle_id and self._toll_record("toll.vehicle", vehicle_id)
        if not vehicle:
            return {}
        return {
            "text": request.env._("Vehicle %(plate)s", plate=vehicle.plate),
            "hidden": {"vehicle": vehicle.id},
            "vals": {"vehicle_id": vehicle.id},
        }

    def _toll_open_request(self, type_code, account, post):
        return request.env["toll.request"]._open_for_customer(
            str(type_code or "")[:32],
            account,
            post.get("description"),
            {
                "attachments": self._toll_uploads(),
                **self._toll_request_about(post).get("vals", {}),
            },
        )

    # === One ===

    @route(
        "/my/toll/requests/<int:request_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_request(self, request_id, done=None, **post):
        record = self._toll_own_request(request_id)
        if not record:
            return request.redirect("/my/toll/requests")
        error = None
        if request.httprequest.method == "POST":
            try:
                self._toll_answer_request(record, post.get("message"))
                return request.redirect(f"/my/toll/requests/{record.id}?done=2")
            except UserError as problem:
                error = str(problem.args[0])
        # Of the messages a customer sees what was written to him, not the notes.
        messages_sudo = record.sudo().message_ids.filtered(
            lambda m: (
                m.message_type in ("comment", "email", "email_outgoing")
                and not m.is_internal
                and m.subtype_id
                and not m.subtype_id.internal
            )
        )
        values = self._toll_layout_values("toll_requests")
        values.update(
            {
                "record": record,
                "messages": messages_sudo.sorted("id"),
                "files": self._toll_request_files(record),
                "is_open": record.state in ("new", "in_progress", "waiting"),
                "done": done if done in ("1", "2") else None,
                "error": error,
            }
        )
        return request.render("toll_account.portal_my_toll_request", values)

    def _toll_request_files(self, record):
        # files of a request that the customer may read
        files_sudo = request.env["ir.attachment"].sudo()
        return files_sudo.search(
            [("res_model", "=", "toll.request"), ("res_id", "=", record.id)]
        )

    def _toll_answer_request(self, record, text):
        text = (text or "").strip()
        files = self._toll_uploads()
        if not text and not files:
            raise UserError(request.env._("Please write your message."))
        record.message_post(
            body=plaintext2html(text[:MAX_MESSAGE]),
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=files,
        )

    @route(
        "/my/toll/requests/<int:request_id>/file/<int:file_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_request_file(self, request_id, file_id, **kw):
        record = self._toll_own_request(request_id)
        file_sudo = (record and self._toll_request_files(record) or record).filtered(
            lambda found: found.id == file_id
        )
        if not record or not file_sudo:
            return request.redirect("/my/toll/requests")
        return request.make_response(
            file_sudo.raw,
            headers=[
                ("Content-Type", "application/octet-stream"),
                ("Content-Disposition", content_disposition(file_sudo.name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
