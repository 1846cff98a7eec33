"""What the manifests under addons/ say: `manifests.py ours | external`.

`ours` prints our addons, those that others need first; `external` prints the modules
of Odoo and OCA that ours depend on directly. One name a line.
"""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[2] / "addons"


def read(folder=ADDONS):
    """Return {addon: its direct dependencies} for the installable addons."""
    depends = {}
    for path in sorted(folder.glob("*/__manifest__.py")):
        manifest = ast.literal_eval(path.read_text(encoding="utf-8"))
        if manifest.get("installable", True):
            depends[path.parent.name] = manifest.get("depends", [])
    return depends


def ours(depends):
    """Return our addons so that each comes after those it depends on."""
    graph = {n: [d for d in needs if d in depends] for n, needs in depends.items()}
    return list(TopologicalSorter(graph).static_order())


def external(depends):
    """Return what comes from elsewhere, sorted."""
    needed = {d for needs in depends.values() for d in needs}
    return sorted(d for d in needed if not d.startswith("toll_"))


if __name__ == "__main__":
    question = {"ours": ours, "external": external}[sys.argv[1]]
    for module in question(read()):
        print(module)
