"""Run the examples in the docstrings of the agent."""

import doctest
import importlib

import pytest
from conftest import AGENT

MODULES = sorted(
    ".".join(path.relative_to(AGENT).with_suffix("").parts)
    for path in AGENT.glob("toll_bridge_agent/**/*.py")
    if path.stem not in ("__init__", "__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name):
    failed, _tried = doctest.testmod(importlib.import_module(name))
    assert not failed
