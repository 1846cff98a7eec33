"""Every model has access rows, and every model of a company its record rule."""

import ast
import csv
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import addon_files as files
import pytest

BASES = {"Model": "model", "TransientModel": "transient", "AbstractModel": "abstract"}


@dataclass
class Found:
    """A class that makes a new model."""

    name: str
    kind: str
    addon: str
    path: Path
    node: ast.ClassDef
    inherits: list = field(default_factory=list)
    fields: set = field(default_factory=set)

    @property
    def place(self):
        return files.where(self.path, self.node)


def constants(node):
    """Return the strings of a constant, list or tuple."""
    nodes = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [n.value for n in nodes if isinstance(n, ast.Constant)]


def kind_of(node):
    for base in node.bases:
        name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        if name in BASES:
            return BASES[name]
    return None


def read_class(addon, path, node):
    """Return what a class says about a model, if it is one."""
    kind = kind_of(node)
    if not kind:
        return None
    found = Found("", kind, addon, path, node)
    for statement in node.body:
        if not isinstance(statement, ast.Assign):
            continue
        for target in statement.targets:
            name = getattr(target, "id", "")
            if name == "_name":
                found.name = (constants(statement.value) or [""])[0]
            elif name == "_inherit":
                found.inherits = constants(statement.value)
            elif name and isinstance(statement.value, ast.Call):
                found.fields.add(name)
    return found


CLASSES = [
    found
    for addon in files.NAMES
    for path in files.python_files(addon, tests=False)
    for node in ast.walk(files.syntax(path))
    if isinstance(node, ast.ClassDef) and (found := read_class(addon, path, node))
]
MODELS = {found.name: found for found in CLASSES if found.name}
REAL = [m for m in MODELS.values() if m.kind != "abstract"]


def fields_of(name, seen=()):
    """Return the fields a model has from its own classes and our mixins."""
    found = set()
    for each in CLASSES:
        extends = name in each.inherits and each.name in ("", name)
        if each.name == name or extends:
            found |= each.fields
            for parent in each.inherits:
                if parent != name and parent not in seen:
                    found |= fields_of(parent, (*seen, name))
    return found


@cache
def access_rows():
    rows = set()
    for addon in files.NAMES:
        for path in files.data_files(addon, ".csv"):
            if path.name == "ir.model.access.csv":
                with path.open(encoding="utf-8", newline="") as file:
                    for row in csv.DictReader(file):
                        rows.add(
                            (row.get("model_id:id") or row["model_id/id"]).split(".")[
                                -1
                            ]
                        )
        for record in records(addon, "ir.model.access"):
            rows.add(record.get("model_id", ("", ""))[1].split(".")[-1])
    return rows


def records(addon, model):
    """Yield {field: (text, ref)} for each XML record of a model."""
    for path in files.data_files(addon, ".xml"):
        if "static" in path.parts:
            continue
        for node in ElementTree.parse(path).getroot().iter("record"):
            if node.get("model") == model:
                yield {
                    child.get("name"): (
                        (child.text or "") + (child.get("eval") or ""),
                        child.get("ref") or "",
                    )
                    for child in node.iter("field")
                }


@cache
def company_rules():
    """Return the external ids of models that have a rule about companies."""
    return {
        rule["model_id"][1].split(".")[-1]
        for addon in files.NAMES
        for rule in records(addon, "ir.rule")
        if "compan" in rule.get("domain_force", ("",))[0]
    }


def external_id(model):
    return "model_" + model.name.replace(".", "_")


def by_name(model):
    return model.name


@pytest.mark.parametrize("model", REAL, ids=by_name)
def test_model_has_access_rows(model):
    assert external_id(model) in access_rows(), (
        f"{model.place}: {model.name} has no row in any ir.model.access.csv"
    )


@pytest.mark.parametrize("model", [m for m in REAL if m.kind == "model"], ids=by_name)
def test_model_of_a_company_has_a_company_rule(model):
    if "company_id" not in fields_of(model.name):
        return
    assert external_id(model) in company_rules(), (
        f"{model.place}: {model.name} has company_id and no ir.rule about companies"
    )


@pytest.mark.parametrize("model", list(MODELS.values()), ids=by_name)
def test_model_has_a_description(model):
    names = {
        getattr(target, "id", "")
        for statement in model.node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    }
    assert "_description" in names or model.name in model.inherits, model.place
