"""One tab of a browser: show HTML under an address of our choice, print it."""

import base64
import select
import time

from . import cache
from .browser import BrowserError
from .html import PATH

LOAD_TIMEOUT = 60
NOWHERE = "http://toll-pdf.invalid"
READY = """
Promise.all([document.fonts.ready, ...Array.from(document.images, i =>
  i.decode().catch(() => 0))]).then(() => true)
"""


class Tab:
    """A tab with cookies of its own. `problems` lists what could not be loaded."""

    def __init__(self, messages, cookies=(), kept=None):
        self.messages, self.problems, self.kept = messages, [], kept
        self._last, self._session, self._html = 0, None, ""
        self._urls, self._loaded, self._asked = {}, set(), {}
        self.context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call(
            "Target.createTarget", url="about:blank", browserContextId=self.context
        )["targetId"]
        self._session = self.call(
            "Target.attachToTarget", targetId=target, flatten=True
        )["sessionId"]
        self.call("Page.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        self.call("Network.enable")
        ours = [f"*{PATH}", "*/favicon.ico", *(cache.PATTERNS if kept else ())]
        self.call("Fetch.enable", patterns=[{"urlPattern": each} for each in ours])
        for cookie in cookies:
            known = {key: value for key, value in cookie.items() if value}
            self.call("Network.setCookie", path="/", httpOnly=True, **known)

    def close(self):
        self._session = None
        self.call("Target.disposeBrowserContext", browserContextId=self.context)

    def call(self, method, **params):
        """Send one command and return its result."""
        number = self._post(method, params)
        while True:
            answer = self.messages.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]
            self._take(answer)

    def show(self, html, origin):
        """Load `html` as if it came from `origin`, so that its links work."""
        self._html = html
        self._loaded.clear()
        answer = self.call("Page.navigate", url=(origin or NOWHERE) + PATH)
        if answer.get("errorText"):
            raise BrowserError(f"the page did not open: {answer['errorText']}")
        deadline = time.monotonic() + LOAD_TIMEOUT
        while answer["loaderId"] not in self._loaded:
            self._wait(deadline)
            self._take(self.messages.receive())
        self.call("Runtime.evaluate", expression=READY, awaitPromise=True)

    def pdf(self, width, height, margins, scale):
        """Print the page; lengths in inches."""
        top, right, bottom, left = margins
        answer = self.call(
            "Page.printToPDF",
            printBackground=True,
            paperWidth=width,
            paperHeight=height,
            marginTop=top,
            marginRight=right,
            marginBottom=bottom,
            marginLeft=left,
            scale=scale,
            generateTaggedPDF=False,
        )
        return base64.b64decode(answer["data"])

    def _post(self, method, params):
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self.messages.send(message)
        return self._last

    def _wait(self, deadline):
        if self.messages.pending():
            return
        rest = deadline - time.monotonic()
        if rest <= 0 or not select.select([self.messages.reading], [], [], rest)[0]:
            raise BrowserError(f"the page did not load in {LOAD_TIMEOUT} s")

    def _take(self, event):
        """Act on what the browser tells without being waited for."""
        if asked := self._asked.pop(event.get("id"), None):
            self._arrived(asked, event)
        params = event.get("params", {})
        match event.get("method"):
            case "Fetch.requestPaused":
                self._paused(params)
            case "Page.lifecycleEvent" if params["name"] == "load":
                self._loaded.add(params["loaderId"])
            case "Network.requestWillBeSent":
                self._urls[params["requestId"]] = params["request"]["url"]
            case "Network.loadingFailed" if not params.get("canceled"):
                self._complain(params["requestId"], params.get("errorText"))
            case "Network.responseReceived" if params["response"]["status"] >= 400:
                self._complain(params["requestId"], params["response"]["status"])

    def _paused(self, event):
        """Answer a request ourselves, or let it go out and keep what comes back.

        Nobody waits for the answers to these commands: the page that waits for the
        request may be what we are waiting for.
        """
        request, url = event["requestId"], event["request"]["url"]
        if "responseStatusCode" in event:
            self._asked[self._post("Fetch.getResponseBody", {"requestId": request})] = (
                event
            )
        elif url.endswith(PATH):
            body = base64.b64encode(self._html.encode()).decode()
            self._fulfil(request, "text/html; charset=utf-8", body)
        elif url.endswith("/favicon.ico"):
            self._fulfil(request, "image/x-icon", "")
        elif known := self.kept.get(url):
            self._fulfil(request, known["type"], known["body"])
        else:
            self._post(
                "Fetch.continueRequest",
                {"requestId": request, "interceptResponse": True},
            )

    def _arrived(self, event, answer):
        """A body that may be kept has arrived."""
        body = answer.get("result", {})
        if event["responseStatusCode"] == 200 and "body" in body:
            text = body["body"]
            if not body["base64Encoded"]:
                text = base64.b64encode(text.encode()).decode()
            headers = {h["name"].lower(): h["value"] for h in event["responseHeaders"]}
            kind = headers.get("content-type", "application/octet-stream")
            self.kept.put(event["request"]["url"], kind, text)
        self._post("Fetch.continueResponse", {"requestId": event["requestId"]})

    def _fulfil(self, request, kind, body):
        self._post(
            "Fetch.fulfillRequest",
            {
                "requestId": request,
                "responseCode": 200,
                "responseHeaders": [{"name": "Content-Type", "value": kind}],
                "body": body,
            },
        )

    def _complain(self, request, reason):
        url = self._urls.get(request, "something")
        self.problems.append(f"could not load {url[:200]}: {reason}")
