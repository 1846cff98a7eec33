"""The three ways into the server that programs and people use."""

import httpx


class RpcError(Exception):
    """What the server answered instead of a result."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Client:
    """A session like a browser's (login) and JSON-2 with a key."""

    def __init__(self, base_url, database):
        self.base_url = base_url
        self.database = database
        self.http = httpx.Client(base_url=base_url, timeout=120)

    def login(self, login, password):
        self.password = password
        answer = self._rpc(
            "/web/session/authenticate",
            {"db": self.database, "login": login, "password": password},
        )
        self.uid = answer["uid"]
        return self

    def _rpc(self, path, params):
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
        response = self.http.post(path, json=body)
        answer = response.json()
        if "error" in answer:
            raise RpcError(response.status_code, answer["error"]["data"]["message"])
        return answer.get("result")

    def call(self, model, method, *args, **kwargs):
        """One method as the signed-in user, through the web client's own door."""
        return self._rpc(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def create(self, model, values):
        created = self.call(model, "create", [values])
        return created[0] if isinstance(created, list) else created

    def search(self, model, domain):
        return self.call(model, "search", domain)

    def ref(self, xml_id):
        """Database id of an external id."""
        module, name = xml_id.split(".")
        found = self.call(
            "ir.model.data",
            "search_read",
            [("module", "=", module), ("name", "=", name)],
            fields=["res_id"],
        )
        return found[0]["res_id"]

    def make_key(self, name):
        """An API key of the signed-in user, made as the preferences screen does."""
        wizard = self.create(
            "res.users.apikeys.description", {"name": name, "duration": "1"}
        )
        action = self.call("res.users.apikeys.description", "make_key", [wizard])
        return self.finish_key(action)

    def finish_key(self, action):
        """Type the password where the server asks who is there; return the key."""
        if action["res_model"] == "res.users.identitycheck":
            check = action["res_id"]
            context = {"password": self.password}
            action = self.call(
                "res.users.identitycheck", "run_check", [check], context=context
            )
        return action["context"]["default_key"]


class Json2:
    """POST /json/2/<model>/<method> with a bearer key and nothing else."""

    def __init__(self, base_url, database, key):
        self.http = httpx.Client(
            base_url=base_url,
            timeout=120,
            headers={"Authorization": f"Bearer {key}", "X-Odoo-Database": database},
        )

    def call(self, model, method, ids=None, /, **kwargs):
        body = kwargs if ids is None else {"ids": ids, **kwargs}
        response = self.http.post(f"/json/2/{model}/{method}", json=body)
        if response.status_code != 200:
            raise RpcError(response.status_code, response.text)
        return response.json()

    def post(self, path, **kwargs):
        return self.http.post(path, **kwargs)
