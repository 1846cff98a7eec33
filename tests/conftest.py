"""Make `odoo.addons.<addon>.core` importable without Odoo and without its __init__.

`odoo` is an empty stand-in here, so a core module that reaches for the ORM fails to
import. Tests below e2e/ and bench/ talk to a running server and need none of this.
"""

import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
ADDONS = ROOT / "addons"


def _package(name, *path):
    module = sys.modules[name] = ModuleType(name)
    module.__path__ = [str(p) for p in path]


_package("odoo")
_package("odoo.addons", ADDONS)
for _addon in sorted(ADDONS.glob("*/__init__.py")):
    _package(f"odoo.addons.{_addon.parent.name}", _addon.parent)
