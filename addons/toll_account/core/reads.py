"""What a call from outside has read: which model, how, which records, by what words.

>>> call = understand("toll.account", "search_read", [[("vat", "=", "X1")]], {})
>>> call.way, call.domain
('list', '[["vat", "=", "X1"]]')
>>> understand("toll.account", "web_read", [[7]], {}).ids
[7]
>>> understand("toll.account", "action_close", [[7]], {})
"""

import json
from typing import NamedTuple

#: Records and accounts that one row of the log names at most.
BOUND = 1000
#: Characters of a domain that are kept.
TEXT = 2000

#: Methods of every model that give data away, and how.
WAYS = {
    "read": "form",
    "web_read": "form",
    "web_save": "form",
    "web_save_multi": "form",
    "onchange": "form",
    "search_read": "list",
    "web_search_read": "list",
    "read_group": "group",
    "web_read_group": "group",
    "formatted_read_group": "group",
    "formatted_read_grouping_sets": "group",
    "name_search": "search",
    "web_name_search": "search",
    "export_data": "export",
    "contact_search": "contact_centre",
}
#: What tells a program something, while screens ask for it all the time.
PROGRAM_WAYS = WAYS | {"search": "search", "search_count": "search"}
BY_IDS = {"read", "web_read", "web_save", "web_save_multi", "onchange", "export_data"}
#: Those whose answer says which of the ids there are.
ANSWERED = {"read", "web_read"}
WORDS = ("domain", "name", "term")

#: Fields by which groups name people.
PERSONAL = {
    "account_id",
    "toll_account_id",
    "partner_id",
    "commercial_partner_id",
    "vehicle_id",
    "driver_id",
    "contact_id",
    "id",
    "name",
    "display_name",
    "number",
    "plate",
    "phone",
    "email",
    "vat",
    "caller",
    "contact_name",
    "contact_email",
    "contact_phone",
}


class Call(NamedTuple):
    """A call that may have read something."""

    model: str
    method: str
    way: str
    ids: list
    domain: str
    groupby: list
    account: int
    files: str = ""


def look(model, way, method, ids):
    """Something was shown of these records by an address of its own.

    >>> look("toll.account", "chatter", "messages", [7]).ids
    [7]
    """
    return Call(model, method, way, list(ids), "", [], None)


def understand(model, method, args, kwargs, program=False):
    """The call, or None where the method gives no data away."""
    way = (PROGRAM_WAYS if program else WAYS).get(method)
    if not way:
        return None
    args, kwargs = list(args or ()), dict(kwargs or {})
    ids = []
    if method in BY_IDS:
        ids = kwargs.get("ids") or (args.pop(0) if args else [])
        ids = [ids] if isinstance(ids, int) else list(ids or ())
    groupby = kwargs.get("groupby") or kwargs.get("grouping_sets")
    if way == "group" and not groupby:
        groupby = args[2 if method == "read_group" else 1 :][:1]
    words = next((kwargs[name] for name in WORDS if kwargs.get(name)), None)
    if words is None and method not in BY_IDS and args:
        words = args[0]
    account = None
    if method == "onchange":
        values = kwargs.get("values") or (args[0] if args else {})
        account = values.get("account_id") if isinstance(values, dict) else None
    return Call(
        model,
        method,
        way,
        [number for number in ids if isinstance(number, int)],
        shorten(words),
        flatten(groupby),
        account if isinstance(account, int) else None,
    )


def flatten(groupby):
    """The names of the fields of any kind of grouping.

    >>> flatten("plate"), flatten([["account_id"], ["account_id", "date:month"]])
    (['plate'], ['account_id', 'account_id', 'date'])
    """
    if isinstance(groupby, str):
        return [groupby.split(":")[0].split(".")[0]]
    if isinstance(groupby, list | tuple):
        return [name for part in groupby for name in flatten(part)]
    return []


def shorten(words):
    """The words of a search as text that always has an end.

    >>> len(shorten([("id", "in", list(range(9999)))]))
    2000
    """
    if not words:
        return ""
    if not isinstance(words, str):
        words = json.dumps(words, ensure_ascii=False, default=str)
    return words.replace("\x00", "")[:TEXT]


def shown_pictures(field):
    """Whether a field holds a face or a picture of a thing, as screens show all day.

    >>> shown_pictures("avatar_128"), shown_pictures("raw")
    (True, False)
    """
    return (field or "").startswith(("avatar_", "image_"))


def goes_on(header):
    """Whether a request for a part of a file goes on with one that was opened.

    >>> goes_on("bytes=65536-"), goes_on("bytes=0-65535"), goes_on(None)
    (True, False, False)
    """
    start = (header or "").removeprefix("bytes=").split("-")[0].strip()
    return start.isdigit() and int(start) > 0


def rows_of(result):
    """(rows with data, groups) of whatever a method has answered.

    >>> rows_of({"length": 9, "records": [{"id": 3}]})
    ([{'id': 3}], [])
    >>> rows_of({"groups": [{"__records": [{"id": 3}]}]})[0]
    [{'id': 3}]
    >>> rows_of([{"state": "active", "__count": 2}])
    ([], [{'state': 'active', '__count': 2}])
    """
    if isinstance(result, dict):
        groups = result.get("groups") or []
        rows = list(result.get("records") or [])
        for group in groups:
            rows.extend(group.get("__records") or [])
        return rows, groups
    if not isinstance(result, list | tuple):
        return [], []
    first = result[0] if result else None
    if isinstance(first, list | tuple) and first and isinstance(first[0], dict):
        result = [group for groups in result for group in groups]
        first = first[0]
    if isinstance(first, dict) and "id" not in first:
        return [], list(result)
    return list(result), []


def ids_of(rows):
    """The ids of rows, pairs or plain numbers.

    >>> ids_of([{"id": 3}, (4, "Name"), 5, {"__count": 2}])
    [3, 4, 5]
    """
    found = []
    for row in rows:
        if isinstance(row, dict):
            row = row.get("id")
        elif isinstance(row, list | tuple):
            row = row[0] if row else None
        if isinstance(row, int) and not isinstance(row, bool):
            found.append(row)
    return found


def is_personal(call, rows):
    """Do these groups name people, or show their records?"""
    return call.way != "group" or bool(rows) or not PERSONAL.isdisjoint(call.groupby)
