from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import SQL

from ..core import reads
from ..queries import access_log as queries

# A person who goes on working on a record opened it once.
MINUTES = 15
SOURCES = [
    ("form", "Opened"),
    ("list", "List"),
    ("group", "Groups"),
    ("search", "Search"),
    ("contact_centre", "Contact Centre"),
    ("export", "Export"),
    ("print", "Print"),
    ("rpc", "Program"),
    ("file", "File"),
    ("image", "Picture of a File"),
    ("chatter", "Messages"),
]
# What screens ask for again and again while somebody works on one record.
CALM = ("form", "image", "chatter")
# Models whose rows belong to a record of another model, which they name.
CARRIERS = {"ir.attachment": "res_model", "mail.message": "model"}
ACCOUNT_FIELDS = ("account_id", "toll_account_id")
#: Records shown of a row that names many.
SHOWN = 20
#: Characters of the names of files.
TEXT = 500
#: Addresses that screens call.
SCREENS = ("/web/", "/report/", "/mail/")
#: What an address of its own says of how it was read.
WAYS = ("file", "image", "chatter", "export")


class TollAccessLog(models.Model):
    """Who read whose personal data, when, how and from where: one row per call.

    Rows are written by ``ir.http`` for calls from outside. The database itself refuses
    to change or delete them; the retention of data is the one way out.
    """

    _name = "toll.access.log"
    _description = "Read of Personal Data"
    _order = "date desc, id desc"
    _rec_name = "date"
    _log_access = False

    account_id = fields.Many2one(
        "toll.account",
        readonly=True,
        ondelete="set null",
        help="Where the call read the data of one account only.",
    )
    account_ids = fields.Many2many(
        "toll.account",
        string="Accounts",
        compute="_compute_keys",
        search="_search_account_ids",
        compute_sudo=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="restrict"
    )
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="restrict"
    )
    office_id = fields.Many2one("toll.office", readonly=True, ondelete="restrict")
    date = fields.Datetime(required=True, readonly=True, index=True)
    source = fields.Selection(SOURCES, string="How", readonly=True)
    model = fields.Selection("_selection_model", string="What", readonly=True)
    method = fields.Char(readonly=True)
    record_count = fields.Integer(string="Records", readonly=True)
    record_text = fields.Char(
        string="Record IDs", compute="_compute_keys", compute_sudo=True
    )
    domain = fields.Char(string="Searched by", readonly=True)
    file_name = fields.Char(string="File", readonly=True)
    address = fields.Char(string="IP Address", readonly=True)

    _account_user_date_idx = models.Index("(account_id, user_id, date)")
    _user_date_idx = models.Index("(user_id, date)")

    def init(self):
        self.env.cr.execute(queries.create_keys())
        self.env.cr.execute(queries.create_guard())

    @api.model
    def _get_personal_models(self):
        """{model: field that leads to the account}; other addons add theirs.

        “id” is the account itself, an empty text the model of people.
        """
        return {
            "toll.account": "id",
            "toll.vehicle": "account_id",
            "toll.wallet.entry": "account_id",
            "toll.request": "account_id",
            "toll.call": "account_id",
            "toll.message": "account_id",
            "toll.document": "account_id",
            "toll.driver": "account_id",
            "account.payment": "toll_account_id",
            "res.partner": "",
        }

    @api.model
    def _selection_model(self):
        names_sudo = self.env["ir.model"].sudo()  # only their names
        return [
            (model, names_sudo._get(model).name)
            for model in self.env
            if model not in CARRIERS
            and not self.env.registry[model]._transient
            and self._is_traced(model)
        ]

    @api.model
    def _get_traced_models(self):
        """Models whose calls are looked at."""
        return {*self._get_personal_models(), *CARRIERS}

    @api.model
    def _is_traced(self, model):
        """Whether files and messages of this model may be about somebody."""
        return model in CARRIERS or self._get_account_path(model) is not None

    @api.model
    def _get_account_path(self, model):
        """The field that leads from this model to the account; None: there is none."""
        path = self._get_personal_models().get(model)
        if path is not None or model not in self.env:
            return path
        for name in ACCOUNT_FIELDS:
            field = self.env[model]._fields.get(name)
            if field and field.comodel_name == "toll.account":
                return name
        return None

    @api.depends("date")
    def _compute_keys(self):
        keys = {
            row[0]: row[1:] for row in self.env.execute_query(queries.keys(self.ids))
        }
        for log in self:
            accounts, records = keys.get(log.id) or ([], [])
            log.account_ids = self.env["toll.account"].search(
                [
                    ("id", "in", (accounts or [])[:SHOWN]),
                    ("company_id", "in", self.env.companies.ids),
                ]
            )
            shown = ", ".join(str(number) for number in (records or [])[:SHOWN])
            log.record_text = shown + (" …" if len(records or []) > SHOWN else "")

    def _search_account_ids(self, operator, value):
        if operator == "any":
            ids = self.env["toll.account"].search(value, limit=reads.BOUND).ids
        elif operator == "in":
            ids = [number for number in value if isinstance(number, int)]
        else:
            return NotImplemented
        return Domain("id", "in", SQL("(%s)", queries.about(ids)))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("The log of reads cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The log of reads cannot be changed."))

    # Writing it

    @api.model
    def _note_call(self, uid, call, result):
        """One row for a call from outside; in superuser mode, by ``ir.http``."""
        if not call or not self.env["res.users"].browse(uid)._is_internal():
            return
        if call.model in CARRIERS:
            for part in self._split_call(call, reads.rows_of(result)[0]):
                self._note_call(uid, part, [])
            return
        rows, groups = reads.rows_of(result)
        if not reads.is_personal(call, rows):
            return
        found = reads.ids_of(rows)
        ids = found if call.method in reads.ANSWERED else call.ids or found
        if call.way == "form" and not ids and not call.account:
            return  # nothing was there, or it is new: its author types what it shows
        accounts = self._find_accounts(call, ids[: reads.BOUND], groups or rows)
        if accounts is None:
            return
        way = call.way
        if way == "form" and len(ids) > 1:
            way = "list"
        if request and not request.httprequest.path.startswith(SCREENS):
            way = "rpc"
        self._write_row(
            queries.log_read(
                user=uid,
                source=way,
                model=call.model,
                method=call.method,
                count=len(ids) or len(groups) or len(rows),
                records=ids[: reads.BOUND],
                accounts=accounts[: reads.BOUND],
                domain=call.domain or None,
                file_name=call.files[:TEXT] or None,
                address=request.httprequest.remote_addr if request else None,
                minutes=MINUTES if way in CALM else 0,
            )
        )

    @api.model
    def _split_call(self, call, rows):
        """A read of attachments or messages as reads of the records that have them."""
        ids = (call.ids or reads.ids_of(rows))[: reads.BOUND]
        records = self.env[call.model].browse(ids).exists()
        is_file = call.model == "ir.attachment"
        if is_file:
            records = records.filtered(
                lambda file: not reads.shown_pictures(file.res_field)
            )
        for model, group in records.grouped(CARRIERS[call.model]).items():
            owners = [number for number in set(group.mapped("res_id")) if number]
            if owners and model not in CARRIERS and self._is_traced(model):
                names = is_file and (call.files or ", ".join(group.mapped("name")))
                way = "file" if is_file else "chatter"
                yield call._replace(
                    model=model,
                    ids=owners,
                    way=call.way if call.way in WAYS else way,
                    method=f"{call.model}.{call.method}",
                    files=names or "",
                )

    @api.model
    def _find_accounts(self, call, ids, rows):
        """Ids of the accounts whose data it was; None: nobody's."""
        path = self._get_account_path(call.model)
        if path == "id":
            return ids
        if call.account:
            return [call.account]
        if not path:
            people = self.env["res.partner"].browse(ids).commercial_partner_id
            return self._find_accounts_of(people) or None
        if ids:
            records = self.env[call.model].browse(ids)
            records.fetch([path.split(".")[0]])
            accounts = records.mapped(path).ids
        else:
            accounts = reads.ids_of(
                row.get(path) for row in rows if isinstance(row, dict)
            )
        # of records of other addons only those of accounts count
        ours = call.model.startswith("toll.")
        return accounts if ours or accounts else None

    @api.model
    def _find_accounts_of(self, people):
        if not people:
            return []
        accounts = self.env["toll.account"].with_context(active_test=False)
        return accounts.search(
            [("commercial_partner_id", "in", people.ids)], limit=reads.BOUND
        ).ids

    @api.model
    def _write_row(self, query):
        """In the call's own transaction, so that no data leaves without its row.

        A transaction that may not write has nothing to lose: it ends here, and the row
        is committed beside it.
        """
        if not self.env.cr.readonly:
            self.env.flush_all()  # what else there is to write comes first
            self.env.cr.execute(query)
            return
        self.env.cr.commit()  # pylint: disable=invalid-commit
        with self.env.registry.cursor() as cr:
            cr.execute(query)
