import http.client
import json
import secrets
import ssl
from urllib.parse import quote, urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import gateway as core

PLAIN_HOSTS = "toll_account.gateway_plain_hosts"


class GatewayError(Exception):
    """A message did not go out; ``final`` when trying again would not help."""

    def __init__(self, message, final=False):
        super().__init__(message)
        self.final = final


class TollGateway(models.Model):
    """A provider of text messages or WhatsApp, spoken to over HTTP."""

    _name = "toll.gateway"
    _description = "Message Gateway"
    _order = "channel, sequence, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    channel = fields.Selection(
        [("sms", "Text message"), ("whatsapp", "WhatsApp")],
        required=True,
        default="sms",
    )
    state = fields.Selection(
        [("draft", "Not in Use"), ("active", "In Use")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all companies."
    )
    url = fields.Char(
        string="URL",
        required=True,
        help="https only. Plain http is for hosts of the system parameter "
        "toll_account.gateway_plain_hosts.",
    )
    method = fields.Selection(
        [("POST", "POST"), ("PUT", "PUT")], required=True, default="POST"
    )
    headers = fields.Text(
        default="Authorization: Bearer {secret}", help="One “Name: value” per line."
    )
    body_kind = fields.Selection(
        [("json", "JSON"), ("form", "Form")],
        string="Body",
        required=True,
        default="json",
    )
    body = fields.Text(
        string="Template",
        required=True,
        default='{"to": "{to}", "text": "{text}", "reference": "{reference}"}',
        help="Placeholders: {to} with a plus, {digits} without, {text}, {reference}, "
        "{sender}, {secret}. A form has one “name=value” per line.",
    )
    sender = fields.Char(help="What the provider calls you: number, name or id.")
    secret = fields.Char(
        copy=False,
        groups="base.group_system",
        help="The provider's key; it stands nowhere else, and in no log.",
    )
    id_path = fields.Char(
        string="Message's Id", default="id", help="Where it is: messages.0.id"
    )
    error_path = fields.Char(string="Error's Text", default="error.message")
    timeout = fields.Integer(default=15, help="Seconds to wait for an answer.")
    daily_cap = fields.Integer(
        string="Messages per Customer and Day",
        default=5,
        help="What is above goes by e-mail. 0: no limit.",
    )
    callback_key = fields.Char(
        copy=False,
        groups="base.group_system",
        default=lambda self: secrets.token_urlsafe(32),
        help="The provider signs its delivery reports with it (HMAC-SHA256).",
    )
    signature_header = fields.Char(default="X-Signature", required=True)
    callback_list_path = fields.Char(
        string="Reports", help="Where the reports are. Empty: the body is one."
    )
    callback_id_path = fields.Char(string="Report's Id", default="id")
    callback_status_path = fields.Char(string="Report's Status", default="status")
    callback_error_path = fields.Char(string="Report's Error", default="error")
    callback_url = fields.Char(
        string="Address for Reports", compute="_compute_callback"
    )
    verify_token = fields.Char(
        compute="_compute_callback",
        groups="base.group_system",
        help="For providers that ask once whether the address is yours.",
    )
    message_count = fields.Integer(compute="_compute_message_count")

    _timeout_valid = models.Constraint(
        "CHECK (timeout BETWEEN 1 AND 60)", "Wait from 1 to 60 seconds."
    )
    _daily_cap_valid = models.Constraint(
        "CHECK (daily_cap >= 0)", "The limit cannot be negative."
    )

    @api.depends("callback_key")
    def _compute_callback(self):
        for gateway in self:
            number, key = gateway._origin.id, gateway.callback_key
            base = gateway.get_base_url()
            gateway.callback_url = number and f"{base}/toll/messages/{number}"
            gateway.verify_token = key and core.sign(key, b"verify")[:32]

    def _compute_message_count(self):
        groups = self.env["toll.message"]._read_group(
            [("gateway_id", "in", self.ids)], ["gateway_id"], ["__count"]
        )
        counts = {gateway.id: count for gateway, count in groups}
        for gateway in self:
            gateway.message_count = counts.get(gateway.id, 0)

    @api.constrains("url", "sender", "body", "body_kind", "headers")
    def _check_request(self):
        sample = {"to": "+1", "digits": "1", "text": "x", "secret": "x"}
        for gateway in self:
            problem = core.check_url(gateway._get_url(), gateway._get_plain_hosts())
            if problem == "plain":
                raise ValidationError(
                    self.env._("Messages go over https: this address is not safe.")
                )
            if problem:
                raise ValidationError(self.env._("This is not the address of a site."))
            try:
                core.read_headers(gateway.headers, sample)
                gateway._make_body(sample)
            except ValueError as error:
                raise ValidationError(
                    self.env._("Headers or template are not right: %s", error)
                ) from error

    @api.model
    def _get_plain_hosts(self):
        hosts = self.env["ir.config_parameter"].sudo().get_param(PLAIN_HOSTS) or ""
        return [host.strip() for host in hosts.split(",") if host.strip()]

    def _get_url(self):
        """The address with the sender in it, where the provider wants that."""
        return core.fill(self.url, {"sender": quote(self.sender or "", safe="")})

    # === USE === #

    def action_activate(self):
        self.check_access("write")
        for gateway in self:
            if "{secret}" in (gateway.headers or "") + gateway.body and (
                not gateway.sudo().secret  # only whether there is one
            ):
                raise UserError(self.env._("Write the provider's key first."))
        self.state = "active"

    def action_deactivate(self):
        self.check_access("write")
        self.state = "draft"

    def action_view_messages(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_message_action"
        )
        return action | {"domain": [("gateway_id", "in", self.ids)]}

    @api.model
    def _find(self, channel, company):
        """The gateway of a channel, the company's own before the common one."""
        found_sudo = self.sudo().search(  # whoever causes a message may not see it
            [
                ("state", "=", "active"),
                ("channel", "=", channel),
                ("company_id", "in", [company.id, False]),
            ]
        )
        return found_sudo.sorted(lambda gateway: not gateway.company_id)[:1]

    @api.model
    def _get_channels(self, company):
        """The channels that a customer of the company may choose."""
        return {
            channel
            for channel, _label in self._fields["channel"].selection
            if self._find(channel, company)
        }

    def _make_body(self, values):
        if self.body_kind == "json":
            return core.fill_json(self.body, values)
        return core.fill_form(self.body, values)

    def _send(self, to, text, reference):
        """The provider's id of the message; or a GatewayError in plain words.

        The secret is in headers and body only, and no answer is repeated with it.
        """
        self.ensure_one()
        values = {
            "to": to,
            "digits": to.lstrip("+"),
            "text": text,
            "reference": reference,
            "sender": self.sender,
            "secret": self.secret,
        }
        kind = {"json": "json", "form": "x-www-form-urlencoded"}[self.body_kind]
        headers = {
            "Content-Type": f"application/{kind}; charset=utf-8",
            "Idempotency-Key": reference,
            "Accept": "application/json",
        }
        headers |= core.read_headers(self.headers, values)
        status, answer = self._post(self._make_body(values).encode(), headers)
        error = core.first_text(answer, self.error_path)
        if self.secret:
            error = error.replace(self.secret, "***")
        if 200 <= status < 300 and not error:
            return core.first_text(answer, self.id_path)
        if 300 <= status < 400:
            raise GatewayError(self.env._("The gateway sends us elsewhere."), True)
        final = 200 <= status < 300 or (
            400 <= status < 500 and status not in (408, 429)
        )
        raise GatewayError(
            self.env._(
                "The gateway answered %(status)s. %(why)s", status=status, why=error
            ),
            final,
        )

    def _post(self, body, headers):
        """(status, answer) of one request: no redirect, no proxy, no long answer."""
        if core.check_url(self.url, self._get_plain_hosts()):
            raise GatewayError(
                self.env._("The address of the gateway is not safe."), True
            )
        parts = urlsplit(self.url)
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                parts.hostname,
                parts.port,
                timeout=self.timeout,
                context=ssl.create_default_context(),
            )
        else:
            connection = http.client.HTTPConnection(
                parts.hostname, parts.port, timeout=self.timeout
            )
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(self.method, path, body, headers)
            response = connection.getresponse()
            data = response.read(core.MAX_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise GatewayError(self.env._("The gateway did not answer.")) from error
        finally:
            connection.close()
        try:
            return response.status, json.loads(data or b"{}")
        except ValueError:
            return response.status, {}
