"""Style sheets and fonts of the server, kept between prints.

Not only for speed: when every worker of the server is printing, none is left to serve
the files that the prints wait for.
"""

import hashlib
import json
import os
import re
import tempfile
import time
from pathlib import Path

# bundles carry a digest of their content in their address; plain files may change
BUNDLE = re.compile(r"/web/assets/(?!debug/|any/)[0-9a-f]{7,}/[^?]+$")
STATIC = re.compile(r"/\w+/static/[^?]+(\?.*)?$")
PATTERNS = ("*/web/assets/*", "*/static/*")
STATIC_LIFE = 24 * 3600
MAX_FILES = 300


class Cache:
    """Answers in a folder, one file each."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def _path(self, url):
        return self.folder / hashlib.sha256(url.encode()).hexdigest()

    def get(self, url):
        """Return {"type", "body" (base64)} or None."""
        path = self._path(url)
        try:
            age = time.time() - path.stat().st_mtime
            if not BUNDLE.search(url) and age > STATIC_LIFE:
                return None
            return json.loads(path.read_text())
        except (OSError, ValueError):
            return None

    def put(self, url, kind, body):
        """Keep an answer that may be kept."""
        if not (BUNDLE.search(url) or STATIC.search(url)):
            return
        handle, name = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "w") as file:
            json.dump({"type": kind, "body": body}, file)
        os.replace(name, self._path(url))
        self._prune()

    def _prune(self):
        files = sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in files[:-MAX_FILES]:
            path.unlink(missing_ok=True)
