"""What each folder of an addon may do."""

import ast
import re

import addon_files as files
import pytest

CORE = [
    path
    for name in files.NAMES
    for path in files.python_files(name)
    if path.relative_to(files.ADDONS[name]).parts[0] == "core"
]
CALLERS = [
    path
    for name in files.NAMES
    for path in files.python_files(name)
    if path.relative_to(files.ADDONS[name]).parts[0] in ("controllers", "wizards")
]
OF_A_CORE = re.compile(r"^odoo\.addons\.toll_\w+\.core(\.|$)")
IMPURE = {"odoo", "psycopg2", "requests", "socket", "subprocess", "serial"}


def short(path):
    return str(path.relative_to(files.FOLDER))


def impure_imports(path):
    for node in ast.walk(files.syntax(path)):
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
            if node.module == "odoo.addons":
                names = [f"odoo.addons.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] in IMPURE and not OF_A_CORE.match(name):
                yield f"{files.where(path, node)}: {name}"


def leaving_core(path):
    """Yield relative imports that climb out of core/."""
    depth = len(path.parent.relative_to(files.FOLDER).parts) - 1
    for node in ast.walk(files.syntax(path)):
        if isinstance(node, ast.ImportFrom) and node.level > depth:
            yield f"{files.where(path, node)}: {'.' * node.level}{node.module or ''}"


def name_of(node):
    """Return `cr` for `cr`, `self.env.cr` and the like."""
    return getattr(node, "attr", None) or getattr(node, "id", None)


@pytest.mark.parametrize("path", CORE, ids=short)
def test_core_is_pure_python(path):
    wrong = [*impure_imports(path), *leaving_core(path)]
    assert not wrong, "core/ takes values and returns values:\n" + "\n".join(wrong)


@pytest.mark.parametrize("path", CALLERS, ids=short)
def test_controllers_and_wizards_leave_sql_to_models(path):
    wrong = [
        files.where(path, node)
        for node in ast.walk(files.syntax(path))
        if isinstance(node, ast.Attribute)
        and node.attr in ("execute", "execute_query", "execute_query_dict")
        and name_of(node.value) in ("cr", "_cr", "env", "cursor")
    ]
    assert not wrong, "only models run SQL:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", files.NAMES)
def test_no_legacy_sql_constraints(name):
    """Odoo 19 ignores `_sql_constraints` with no more than a warning in the log."""
    wrong = [
        files.where(path, node)
        for path in files.python_files(name)
        for node in ast.walk(files.syntax(path))
        if isinstance(node, ast.Name) and node.id == "_sql_constraints"
    ]
    assert not wrong, "use models.Constraint:\n" + "\n".join(wrong)
