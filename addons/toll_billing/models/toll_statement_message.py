import hashlib

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..queries import statement_message as queries


class TollStatementMessage(models.Model):
    """A few words on the statements and invoices of the customers they are for."""

    _name = "toll.statement.message"
    _description = "Message on Statements"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True, help="For the staff.")
    text = fields.Html(
        required=True,
        translate=True,
        sanitize_attributes=True,
        strip_style=True,
        strip_classes=True,
        help="What the customer reads. Bold, italic, lists and links; no pictures.",
    )
    sequence = fields.Integer(
        string="Priority", default=10, help="The first ones find room on a document."
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="Documents that are issued from this day on.",
    )
    date_to = fields.Date(string="To", tracking=True, help="Empty: until archived.")
    payment_mode = fields.Selection(
        [("prepaid", "Prepaid"), ("postpaid", "Postpaid")],
        tracking=True,
        help="Empty: both.",
    )
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        help="Only customers of this language. Empty: all, each in his own where the "
        "text is translated.",
    )
    plan_ids = fields.Many2many(
        "toll.plan",
        "toll_statement_message_plan_rel",
        "message_id",
        "plan_id",
        string="Plans",
        help="Empty: all.",
    )
    office_ids = fields.Many2many(
        "toll.office",
        "toll_statement_message_office_rel",
        "message_id",
        "office_id",
        string="Offices",
        help="Empty: all.",
    )
    campaign_ids = fields.Many2many(
        "utm.campaign",
        "toll_statement_message_campaign_rel",
        "message_id",
        "campaign_id",
        string="Campaigns",
        help="By which the account was won. Empty: all.",
    )
    cycle_ids = fields.Many2many(
        "toll.billing.cycle",
        "toll_statement_message_cycle_rel",
        "message_id",
        "cycle_id",
        string="Billing Cycles",
        help="Empty: all.",
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )
    text_ids = fields.One2many(
        "toll.statement.message.text", "message_id", string="As It Was Printed"
    )
    document_count = fields.Integer(
        string="Documents",
        compute="_compute_document_count",
        help="Statements, and invoices with them, on which it stood.",
    )
    active = fields.Boolean(default=True, tracking=True)

    _dates_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_from <= date_to)",
        "A message ends after it has begun.",
    )

    def _compute_document_count(self):
        counts = dict(self.env.execute_query(queries.documents(self.ids)))
        for message in self:
            message.document_count = counts.get(message._origin.id, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_printed(self):
        if self.filtered("document_count"):
            raise UserError(
                self.env._("It stands on documents: archive it, they keep its words.")
            )

    # === ACTIONS === #
    def action_view_statements(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_statement_action"
        )
        domain = [("message_text_ids.message_id", "=", self.id)]
        return action | {"domain": domain, "context": {"create": False}}

    def action_preview(self):
        """The latest statement that it fits, printed with it."""
        self.ensure_one()
        self.check_access("read")
        statement = self._get_preview_statement()
        if not statement:
            raise UserError(
                self.env._("There is no statement yet of a customer whom it fits.")
            )
        return self.env.ref("toll_billing.toll_statement_action_report").report_action(
            statement, data={"message": self.id, "docids": statement.ids}
        )

    def _get_preview_statement(self):
        domain = Domain.TRUE
        if self.payment_mode:
            domain &= Domain("account_id.payment_mode", "=", self.payment_mode)
        if self.lang:
            domain &= Domain("partner_id.lang", "=", self.lang)
        for field, path in (
            ("plan_ids", "account_id.plan_id"),
            ("office_ids", "account_id.office_id"),
            ("campaign_ids", "account_id.campaign_id"),
            ("cycle_ids", "run_id.cycle_id"),
        ):
            if self[field]:
                domain &= Domain(path, "in", self[field].ids)
        if self.company_id:
            domain &= Domain("company_id", "=", self.company_id.id)
        # billing people preview it, who need not read the campaigns of accounts
        return self.env["toll.statement"].sudo().search(domain, limit=1).sudo(False)

    # === AS IT IS PRINTED === #
    @api.model
    def _get_current(self, company, date):
        """The words of the messages that are due now, one record per language."""
        # whoever issues invoices need not manage messages
        messages_sudo = self.sudo().search(
            [
                ("company_id", "in", (company.id, False)),
                ("date_from", "<=", date),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", date),
            ]
        )
        return messages_sudo._get_texts()

    def _get_texts(self):
        """Records of the words as they are, made where they changed."""
        Text = self.env["toll.statement.message.text"].sudo()
        for message in self:
            for lang, _name in self.env["res.lang"].get_installed():
                text = str(message.with_context(lang=lang).text)
                digest = hashlib.sha256(text.encode()).hexdigest()
                key = [
                    ("message_id", "=", message.id),
                    ("lang", "=", lang),
                    ("digest", "=", digest),
                ]
                Text |= Text.search(key) or Text.create(
                    {
                        "message_id": message.id,
                        "lang": lang,
                        "digest": digest,
                        "text": text,
                    }
                )
        return Text


class TollStatementMessageText(models.Model):
    """The words of a message in one language, as documents have them."""

    _name = "toll.statement.message.text"
    _description = "Printed Message"
    _order = "id desc"
    _rec_name = "lang"

    message_id = fields.Many2one(
        "toll.statement.message",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="message_id.company_id")
    lang = fields.Char(string="Language", required=True, readonly=True)
    text = fields.Html(readonly=True, required=True, sanitize=False)
    digest = fields.Char(required=True, readonly=True)
    statement_ids = fields.Many2many(
        "toll.statement",
        "toll_statement_text_rel",
        "text_id",
        "statement_id",
        string="Statements",
        readonly=True,
    )

    _words_uniq = models.Constraint(
        "UNIQUE (message_id, lang, digest)", "These words are kept already."
    )


class TollStatement(models.Model):
    _inherit = "toll.statement"  # pylint: disable=consider-merging-classes-inherited

    message_text_ids = fields.Many2many(
        "toll.statement.message.text",
        "toll_statement_text_rel",
        "statement_id",
        "text_id",
        string="Printed Messages",
        readonly=True,
    )

    def _get_messages(self):
        """The words on this document: as they were issued, or would be now."""
        self.ensure_one()
        # the words are for whoever gets the document
        statement_sudo = self.sudo()
        texts_sudo = statement_sudo.message_text_ids.sorted(
            lambda text: (text.message_id.sequence, text.message_id.id)
        )
        if self.state != "invoiced":
            texts_sudo = statement_sudo._get_fitting_texts()
        messages = [Markup(text.text) for text in texts_sudo]
        if preview := self.env.context.get("toll_preview_message"):
            lang = self._get_annex_lang()
            message_sudo = self.env["toll.statement.message"].sudo().browse(preview)
            messages.append(Markup(message_sudo.with_context(lang=lang).text))
        return messages

    def _get_fitting_texts(self):
        company = self.company_id
        date = company._toll_today()
        texts = self.env["toll.statement.message"]._get_current(company, date)
        self.env.flush_all()
        rows = self.env.execute_query(
            queries.fitting(
                self.ids, texts.ids, date, company.toll_statement_message_count
            )
        )
        return texts.browse(row[1] for row in rows)


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    def _finish(self, statements, jobs, moves):
        """What is said on the documents is kept with them."""
        result = super()._finish(statements, jobs, moves)
        company = statements.company_id
        date = company._toll_today()
        texts = self.env["toll.statement.message"]._get_current(company, date)
        if texts:
            self.env.flush_all()
            self.env.cr.execute(
                queries.keep(
                    statements.ids,
                    texts.ids,
                    date,
                    company.toll_statement_message_count,
                )
            )
        return result


class ResCompany(models.Model):
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    toll_statement_message_count = fields.Integer(
        string="Messages per Document",
        default=3,
        help="So many messages stand on a statement and its invoice at most.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    toll_statement_message_count = fields.Integer(
        related="company_id.toll_statement_message_count", readonly=False
    )
