"""Who depends on whom, and that nothing is used without being declared."""

import ast
import re

import addon_files as files
import pytest

# "A: B" reads "A depends on B"; nothing else
GRAPH = {
    "toll_account": set(),
    "toll_tag_stock": {"toll_account"},
    "toll_billing": {"toll_tag_stock"},
    "toll_collections": {"toll_billing"},
    "toll_liquidation": {"toll_billing"},
    "toll_quality": {"toll_collections", "toll_liquidation"},
    "toll_field": {"toll_quality"},
    "toll_hw_bridge": {"toll_tag_stock"},
}
MODULE_OF_ID = re.compile(
    r"""\b(?:ref|inherit_id|parent|action|groups|model_id|t-call|t-inherit)\s*=\s*"
        (?P<attribute>[^"]*)"
      | \bref\(\s*['"](?P<call>[\w.]+)['"]""",
    re.VERBOSE,
)
QUALIFIED = re.compile(r"(?<![\w.$/'])!?([a-z][a-z0-9_]*)\.[\w-]+(?![\w(.])")


def imported(path):
    """Yield (node, addon) for each import of an addon."""
    for node in ast.walk(files.syntax(path)):
        names = []
        if isinstance(node, ast.ImportFrom) and not node.level:
            if node.module == "odoo.addons":
                names = [f"odoo.addons.{alias.name}" for alias in node.names]
            else:
                names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.startswith("odoo.addons."):
                yield node, name.split(".")[2]


def test_the_addons_are_those_of_the_design():
    unknown = set(files.NAMES) - set(GRAPH)
    assert not unknown, f"not in the design: {sorted(unknown)}"


@pytest.mark.parametrize("name", files.NAMES)
def test_depends_on_just_what_the_design_says(name):
    ours = {d for d in files.manifest(name)["depends"] if d.startswith("toll_")}
    assert ours == GRAPH[name]


@pytest.mark.parametrize("name", files.NAMES)
def test_imported_addons_are_declared(name):
    if not files.odoo_manifests():
        pytest.skip("Odoo is not installed here: run scripts/setup")
    wrong = [
        f"{files.where(path, node)}: imports {addon}"
        for path in files.python_files(name)
        for node, addon in imported(path)
        if addon not in files.reachable(name)
    ]
    assert not wrong, "not in `depends`:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", files.NAMES)
def test_external_ids_come_from_declared_addons(name):
    if not files.odoo_manifests():
        pytest.skip("Odoo is not installed here: run scripts/setup")
    modules = files.odoo_manifests().keys() | set(files.NAMES)
    wrong = []
    for path in files.data_files(name, ".xml"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for match in MODULE_OF_ID.finditer(line):
                text = match["attribute"] or match["call"] or ""
                for module in QUALIFIED.findall(text):
                    if module in modules and module not in files.reachable(name):
                        wrong.append(f"{files.where(path)}:{number}: {text}")
    assert not wrong, "of an addon that is not in `depends`:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", files.NAMES)
def test_every_dependency_exists(name):
    if not files.odoo_manifests():
        pytest.skip("Odoo is not installed here: run scripts/setup")
    known = files.odoo_manifests().keys() | set(files.NAMES)
    missing = [d for d in files.manifest(name)["depends"] if d not in known]
    assert not missing, f"neither here nor in requirements-oca.txt: {missing}"
