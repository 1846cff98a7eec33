"""Run the examples in the docstrings of every core/ module."""

import doctest
import importlib
from pathlib import Path

import pytest

ADDONS = Path(__file__).resolve().parents[2] / "addons"
MODULES = sorted(
    ".".join(path.relative_to(ADDONS).with_suffix("").parts)
    for path in ADDONS.glob("*/core/**/*.py")
    if path.name != "__init__.py"
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name):
    module = importlib.import_module(f"odoo.addons.{name}")
    failed, _tried = doctest.testmod(module)
    assert not failed, f"{failed} example(s) in {name} are not true: see above"
