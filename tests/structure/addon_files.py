"""What lies in the repository, read without importing or installing anything."""

import ast
import os
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "addons"
ADDONS = {path.parent.name: path.parent for path in FOLDER.glob("*/__manifest__.py")}
NAMES = sorted(ADDONS)


@cache
def manifest(name):
    text = (ADDONS[name] / "__manifest__.py").read_text(encoding="utf-8")
    return ast.literal_eval(text)


@cache
def syntax(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def python_files(name, *, tests=True):
    """Yield the Python files of an addon."""
    for path in sorted(ADDONS[name].rglob("*.py")):
        parts = path.relative_to(ADDONS[name]).parts
        if "node_modules" not in parts and (tests or "tests" not in parts):
            yield path


def data_files(name, *suffixes):
    for path in sorted(ADDONS[name].rglob("*")):
        if path.suffix in suffixes and "node_modules" not in path.parts:
            yield path


@cache
def closure(name):
    """Return the addons of ours that an addon depends on, directly or not."""
    direct = {d for d in manifest(name).get("depends", []) if d in ADDONS}
    return direct.union(*(closure(d) for d in direct))


def all_depends(name):
    """Return every module that an addon or those below it name in `depends`."""
    found = set(manifest(name).get("depends", []))
    return found.union(*(all_depends(d) for d in closure(name)))


@cache
def odoo_manifests():
    """Return {module: its manifest} of Odoo and OCA, as far as they are installed."""
    home = Path(os.environ.get("TOLL_HOME") or ROOT / ".toll")
    places = [home / "odoo/usr/lib/python3/dist-packages/odoo/addons"]
    if os.environ.get("ODOO_HOME"):
        odoo = Path(os.environ["ODOO_HOME"])
        places = [odoo / "odoo/addons", odoo / "addons"]
    places += home.glob("venv/lib/python3*/site-packages/odoo/addons")
    return {
        path.parent.name: ast.literal_eval(path.read_text(encoding="utf-8"))
        for place in places
        for path in place.glob("*/__manifest__.py")
    }


@cache
def reachable(name):
    """Return every module that is installed wherever this addon is."""
    found, new = {"base", "web", "rpc"}, set(all_depends(name))
    while new:
        found |= new
        needs = (odoo_manifests().get(module, {}).get("depends", []) for module in new)
        new = {need for depends in needs for need in depends} - found
    return found | closure(name) | {name}


@cache
def repository_files():
    """Return the files that are, or would be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    hidden = {".git", ".toll", "node_modules", "__pycache__"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not hidden & set(path.relative_to(ROOT).parts)
    ]


def where(path, node=None):
    """Return a place as people and editors read it."""
    place = str(path.relative_to(ROOT))
    return f"{place}:{node.lineno}" if node is not None else place
