"""What must not stand anywhere in the repository, and what must."""

import ast
import re

import addon_files as files
import pytest

# written in pieces, so that this file is not its own finding
HOSTS = [
    "deb" + ".debian.org",
    "ftp" + ".debian.org",
    "security" + ".debian.org",
    "snapshot" + ".debian.org",
    "files" + ".pythonhosted.org",
    "py" + "pi.org",
    "registry" + ".npmjs",
    "npm" + "js.org",
    "npm" + "js.com",
]
MACHINE = re.compile(r"(?<![\w./~}$-])/(?:wo" + r"rk|ro" + r"ot|fa" + r"rm)/")
WORKSHOP = re.compile(r"\.libr" + r"ary\b(?=/)|DEVELO" + r"PERS\.md")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
TEXTS = [
    path
    for path in files.repository_files()
    if b"\0" not in path.read_bytes()[:4096] and path.name != "LICENSE"
]
PYTHON = [path for path in TEXTS if path.suffix == ".py"]


def findings(path, *patterns):
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in patterns:
            if match := re.search(pattern, line):
                yield f"{files.where(path)}:{number}: {match[0]}"


def everywhere(*patterns, paths=TEXTS):
    return [found for path in paths for found in findings(path, *patterns)]


def test_no_host_of_a_package_registry():
    wrong = everywhere(*map(re.escape, HOSTS))
    assert not wrong, "\n".join(wrong)


def test_no_path_of_the_machine_it_was_written_on():
    wrong = everywhere(MACHINE, WORKSHOP)
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_for_later():
    wrong = everywhere(UNFINISHED)
    assert not wrong, "\n".join(wrong)


def test_no_error_is_swallowed():
    wrong = []
    for path in PYTHON:
        for node in ast.walk(files.syntax(path)):
            if isinstance(node, ast.ExceptHandler) and all(
                isinstance(line, ast.Pass)
                or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
                for line in node.body
            ):
                wrong.append(files.where(path, node))
    assert not wrong, "a handler that does nothing:\n" + "\n".join(wrong)


def test_licence_is_the_agpl():
    text = (files.ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 19 November 2007" in text


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "Makefile", "odoo.conf"])
def test_the_house_has(name):
    assert (files.ROOT / name).is_file()
