"""One tab of a browser: show HTML under an address of our choice, print it."""

import base64
import select
import time

from .browser import BrowserError

LOAD_TIMEOUT = 120
PATH = "/__toll_pdf__/page.html"
NOWHERE = "http://toll-pdf.invalid"
READY = """
Promise.all([document.fonts.ready, ...Array.from(document.images, i =>
  i.decode().catch(() => 0))]).then(() => true)
"""


class Tab:
    """A tab with cookies of its own. `problems` lists what could not be loaded."""

    def __init__(self, messages, cookies=()):
        self.messages, self.problems = messages, []
        self._last, self._session, self._html = 0, None, ""
        self._urls, self._loaded = {}, set()
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
        ours = [{"urlPattern": f"*{path}"} for path in (PATH, "/favicon.ico")]
        self.call("Fetch.enable", patterns=ours)
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
        """Act on what the browser tells unasked."""
        params = event.get("params", {})
        match event.get("method"):
            case "Fetch.requestPaused":
                self._serve(params["requestId"], params["request"]["url"])
            case "Page.lifecycleEvent" if params["name"] == "load":
                self._loaded.add(params["loaderId"])
            case "Network.requestWillBeSent":
                self._urls[params["requestId"]] = params["request"]["url"]
            case "Network.loadingFailed" if not params.get("canceled"):
                self._complain(params["requestId"], params.get("errorText"))
            case "Network.responseReceived" if params["response"]["status"] >= 400:
                self._complain(params["requestId"], params["response"]["status"])

    def _serve(self, request, url):
        # nobody waits for the answer: the page may be what we are waiting for
        text = self._html if url.endswith(PATH) else ""
        body = base64.b64encode(text.encode()).decode()
        kind = {"name": "Content-Type", "value": "text/html; charset=utf-8"}
        self._post(
            "Fetch.fulfillRequest",
            {
                "requestId": request,
                "responseCode": 200,
                "responseHeaders": [kind],
                "body": body,
            },
        )

    def _complain(self, request, reason):
        url = self._urls.get(request, "something")
        self.problems.append(f"could not load {url[:200]}: {reason}")
