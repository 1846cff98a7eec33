from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize, split_every

from ..core import opening
from ..core.epc import make_epc, normalize
from ..core.errors import TagDataError
from ..core.serials import LineError, TagRow
from ..queries import opening_load as queries
from .tag_messages import line_messages

CHUNK = 2_000
SHOWN = 50


class TollOpeningLoad(models.AbstractModel):
    """Customers, vehicles, TAGs and balances of a service that moves in, all at once.

    Partners, accounts and vehicles are created in batches by their models; TAGs that
    are with their customers already are written set-based. One transaction: everything
    or nothing.
    """

    _name = "toll.opening.load"
    _description = "Opening Load"

    @api.model
    def _load(self, rows, company=None, date=None):
        """Create what the rows say and answer the ids, in the order of the rows.

        A row is a dict: name, payment_mode, plate, class_code, tag, epc, tid,
        opening_balance, email, phone, vat, lang, country, group; the rows of one group
        share an account. ``date``: since when all this is so (default: now).
        Returns {"account_ids": [...], "vehicle_ids": [...], "lot_ids": [...]}, with
        False where a row has no vehicle or TAG.
        """
        self._check_manager()
        company = company or self.env.company
        # masters of several models: the manager's role stands for the right to each
        loader_sudo = self.sudo().with_company(company)
        loader_sudo = loader_sudo.with_context(
            tracking_disable=True,
            mail_create_nolog=True,
            mail_create_nosubscribe=True,
            mail_notrack=True,
            toll_opening=True,
        )
        clean, problems = loader_sudo._prepare(rows, company)
        if problems:
            raise UserError("\n".join(problems[:SHOWN]))
        return loader_sudo._write(
            clean, company, fields.Datetime.to_datetime(date) or fields.Datetime.now()
        )

    @api.model
    def _check(self, rows, company=None):
        """Sentences about the lines that cannot be loaded; empty when all can."""
        self._check_manager()
        company = company or self.env.company
        return self.sudo()._prepare(rows, company)[1]

    def _check_manager(self):
        group = "toll_account.group_toll_manager"
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(self.env._("Only a toll manager may load openings."))

    # === CHECKING === #

    def _prepare(self, rows, company):
        clean, errors = opening.clean_rows(rows)
        product = self.env["product.product"]._toll_tag_product(company)
        if not product and any(row["tag"] for row in clean):
            raise UserError(
                self.env._("Create a TAG product first (Toll > TAGs > TAG Products).")
            )
        errors += self._resolve(clean, company)
        errors += self._derive_epcs(clean, product)
        errors += self._existing_plates(clean)
        tags = [
            TagRow(row["line"], row["tag"], row["epc"] or None, row["tid"] or None)
            for row in clean
            if row["tag"]
        ]
        errors += self.env["toll.tag.intake"]._existing(tags)
        return clean, line_messages(self.env, errors)

    def _resolve(self, rows, company):
        """Put the ids of classes, countries and languages into the rows."""
        classes = {
            record.code: record.id
            for record in self.env["toll.vehicle.class"].search([])
        }
        countries = {
            record.code: record.id for record in self.env["res.country"].search([])
        }
        langs = {code for code, _name in self.env["res.lang"].get_installed()}
        home = company.country_id.id
        errors = []
        for row in rows:
            row["class_id"] = classes.get(row["class_code"])
            code = (row.get("country") or "").strip().upper()
            row["country_id"] = countries.get(code) if code else home
            for key, value, missing in (
                (
                    "unknown_class",
                    row["class_code"],
                    row["plate"] and not row["class_id"],
                ),
                ("unknown_country", code, code and not row["country_id"]),
                (
                    "unknown_lang",
                    row.get("lang"),
                    row.get("lang") not in (*langs, None, ""),
                ),
            ):
                if missing:
                    errors.append(LineError(row["line"], key, {"value": value}))
        return errors

    def _derive_epcs(self, rows, product):
        errors = []
        scheme, prefix = product.toll_epc_scheme, product.toll_company_prefix
        for row in rows:
            if row["tag"] and not row["epc"]:
                try:
                    row["epc"] = make_epc(scheme, row["tag"], prefix)
                except TagDataError as error:
                    errors.append(LineError(row["line"], error.code, error.params))
        return errors

    def _existing_plates(self, rows):
        lines = {
            (row["country_id"], normalize(row["plate"])): row
            for row in rows
            if row["plate"]
        }
        found = self.env["toll.vehicle"].search_fetch(
            [
                ("plate_normalized", "in", [plate for _country, plate in lines]),
                ("date_to", "=", False),
            ],
            ["plate_normalized", "country_id"],
        )
        errors = []
        for vehicle in found:
            row = lines.get((vehicle.country_id.id, vehicle.plate_normalized))
            if row:
                params = {"value": row["plate"]}
                errors.append(LineError(row["line"], "plate_exists", params))
        return errors

    # === WRITING === #

    def _write(self, rows, company, date):
        accounts = self._create_accounts(rows, company, date)
        vehicles = self._create_vehicles(rows, accounts, date)
        lots = self._create_tags(rows, accounts, vehicles, company, date)
        self._post_balances(rows, accounts, company, date)
        return {"account_ids": accounts, "vehicle_ids": vehicles, "lot_ids": lots}

    def _create_accounts(self, rows, company, date):
        """The account id of each row; the rows of a group share the first one's."""
        keys = [row["group"] or f"\0{index}" for index, row in enumerate(rows)]
        first = dict(zip(reversed(keys), reversed(rows), strict=True))
        first = {key: first[key] for key in dict.fromkeys(keys)}
        ids = {}
        for chunk in split_every(CHUNK, first.items()):
            partners = self._create_partners([row for _key, row in chunk], company)
            accounts = self.env["toll.account"].create(
                [
                    {
                        "partner_id": partner.id,
                        "payment_mode": row["payment_mode"],
                        "company_id": company.id,
                        "state": "active",
                        "opened_at": date,
                    }
                    for partner, (_key, row) in zip(partners, chunk, strict=True)
                ]
            )
            ids.update(zip((key for key, _row in chunk), accounts.ids, strict=True))
        return [ids[key] for key in keys]

    def _create_partners(self, rows, company):
        """Partners of the rows, in their order.

        The first of each kind is created by the model, the others are copies of its row
        with their own names. A tax number is the model's business to check.
        """
        Partner = self.env["res.partner"]
        partners = [None] * len(rows)
        kinds = {}
        for index, row in enumerate(rows):
            kinds.setdefault(bool(row["group"]), []).append(index)
        for indexes in kinds.values():
            plain = [index for index in indexes if not rows[index].get("vat")]
            orm = [index for index in indexes if rows[index].get("vat")] + plain[:1]
            created = Partner.create(
                [self._prepare_partner_vals(rows[index], company) for index in orm]
            )
            for index, partner in zip(orm, created, strict=True):
                partners[index] = partner.id
            if plain[1:]:
                copies = self._copy_partners(
                    created[-1], [rows[index] for index in plain[1:]]
                )
                for index, partner_id in zip(plain[1:], copies, strict=True):
                    partners[index] = partner_id
        return Partner.browse(partners)

    def _copy_partners(self, template, rows):
        self.env.flush_all()
        ids = [
            row[0]
            for row in self.env.execute_query(queries.next_partner_ids(len(rows)))
        ]
        values = [
            {
                "id": partner_id,
                "name": row["name"],
                "email": row["email"] or None,
                "email_normalized": email_normalize(row["email"]) or None,
                "phone": row.get("phone") or None,
                "phone_sanitized": template._phone_format(
                    number=row.get("phone"), country=template.country_id
                )
                or None,
                "lang": row.get("lang") or None,
                "company_name": row["name"] if row["group"] else None,
            }
            for partner_id, row in zip(ids, rows, strict=True)
        ]
        columns = [
            name
            for name, field in template._fields.items()
            if field.store and field.column_type
        ]
        self.env.cr.execute(
            queries.copy_partners(template, columns, values, self.env.uid)
        )
        return ids

    def _prepare_partner_vals(self, row, company):
        vals = {
            "name": row["name"],
            "email": row["email"] or False,
            "phone": row.get("phone") or False,
            "vat": row.get("vat") or False,
            "is_company": bool(row["group"]),
            "country_id": company.country_id.id,
        }
        if row.get("lang"):
            vals["lang"] = row["lang"]
        return vals

    def _create_vehicles(self, rows, accounts, date):
        wanted = [index for index, row in enumerate(rows) if row["plate"]]
        ids = [False] * len(rows)
        for chunk in split_every(CHUNK, wanted):
            vehicles = self.env["toll.vehicle"].create(
                [
                    {
                        "account_id": accounts[index],
                        "plate": rows[index]["plate"],
                        "class_id": rows[index]["class_id"],
                        "country_id": rows[index]["country_id"],
                        "date_from": date,
                    }
                    for index in chunk
                ]
            )
            for index, vehicle_id in zip(chunk, vehicles.ids, strict=True):
                ids[index] = vehicle_id
        return ids

    def _create_tags(self, rows, accounts, vehicles, company, date):
        ids = [False] * len(rows)
        tags = {row["tag"]: index for index, row in enumerate(rows) if row["tag"]}
        if not tags:
            return ids
        product = self.env["product.product"]._toll_tag_product(company)
        location = company._toll_outside_location("customer")
        self.env.flush_all()
        records = [
            {
                "number": number,
                "epc": rows[index]["epc"] or None,
                "tid": rows[index]["tid"] or None,
                "vehicle_id": vehicles[index],
                "account_id": accounts[index],
            }
            for number, index in tags.items()
        ]
        uid = self.env.uid
        inserted = self.env.execute_query(
            queries.insert_tags(records, product, location, company, uid)
        )
        lots = [lot_id for lot_id, _number in inserted]
        for query in (
            queries.insert_quants(lots, product, location, uid),
            queries.insert_assignments(lots, date, uid),
        ):
            self.env.cr.execute(query)
        self.env.invalidate_all(flush=False)
        for lot_id, number in inserted:
            ids[tags[number]] = lot_id
        return ids

    def _post_balances(self, rows, accounts, company, date):
        """One wallet entry per account, and one journal entry for all of them."""
        currency = company.currency_id
        balances = {}
        for row, account_id in zip(rows, accounts, strict=True):
            if row["opening_balance"]:
                amount = balances.get(account_id, 0) + row["opening_balance"]
                balances[account_id] = amount
        amounts = {
            account_id: currency.round(float(amount))
            for account_id, amount in balances.items()
            if not currency.is_zero(float(amount))
        }
        if not amounts:
            return
        move = self._create_opening_move(sum(amounts.values()), company, date)
        numbers = self.env["toll.account"].browse(amounts)
        numbers = {account.id: account.number for account in numbers}
        for chunk in split_every(CHUNK, amounts.items()):
            self.env["toll.wallet.entry"]._post(
                [
                    {
                        "account_id": account_id,
                        "kind": "adjustment",
                        "amount": amount,
                        "ref": f"opening/{numbers[account_id]}",
                        "origin": "opening",
                        "occurred_at": date,
                        "move_id": move.id,
                    }
                    for account_id, amount in chunk
                ]
            )

    def _create_opening_move(self, total, company, date):
        total = company.currency_id.round(total)
        if company.currency_id.is_zero(total):
            return self.env["account.move"]
        deposit = company._toll_get_deposit_account()
        other = (
            company.toll_opening_account_id or company.get_unaffected_earnings_account()
        )
        journals = self.env["account.journal"]
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "company_id": company.id,
                "date": fields.Datetime.context_timestamp(self, date).date(),
                "journal_id": journals.search(
                    [
                        *journals._check_company_domain(company),
                        ("type", "=", "general"),
                    ],
                    limit=1,
                ).id,
                "ref": self.env._("Opening balances of toll accounts"),
                "line_ids": [
                    fields.Command.create(
                        {
                            "account_id": account.id,
                            "name": self.env._("Opening balances of toll accounts"),
                            "debit": max(amount, 0),
                            "credit": max(-amount, 0),
                        }
                    )
                    for account, amount in ((deposit, -total), (other, total))
                ],
            }
        )
        move._post()
        return move
