"""The app applies changes to its list as ``core.tag_list.merge`` says (001-08)."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from odoo.addons.toll_billing.core import tag_list

APP = Path(tag_list.__file__).parents[1] / "static/handheld/taglist.js"
SCRIPT = """
import {readFileSync, writeFileSync} from "fs";
import {update} from "./taglist.mjs";

const cases = JSON.parse(readFileSync("cases.json"));
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex")).buffer;
writeFileSync("answers.json", JSON.stringify(
    cases.map(([file, changes]) =>
        Buffer.from(update(bytes(file), bytes(changes))).toString("hex")
    )
));
"""


def make(dice, states, header):
    """A list of some entries out of few hashes, so that they meet."""
    keys = sorted(dice.sample(range(30), dice.randrange(20)))
    data = b"".join(bytes([0, 0, 0, 0, key, dice.choice(states), 1]) for key in keys)
    return tag_list.pack(header | {"count": len(keys)}, data)


def test_the_app_merges_as_the_server_says_001_08(tmp_path):
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed")
    dice = random.Random("lists")
    cases = [
        (
            make(dice, [1, 5], {"salt": "x", "version": 1}),
            make(
                dice,
                [3, tag_list.REMOVED],
                {"salt": "x", "version": 2, **({"since": 1} if number else {})},
            ),
        )
        for number in range(100)
    ]
    (tmp_path / "taglist.mjs").write_bytes(APP.read_bytes())
    (tmp_path / "run.mjs").write_text(SCRIPT)
    (tmp_path / "cases.json").write_text(
        json.dumps([[part.hex() for part in case] for case in cases])
    )
    subprocess.run([node, "run.mjs"], cwd=tmp_path, check=True, timeout=120)
    answers = json.loads((tmp_path / "answers.json").read_text())
    whole, *rest = zip(answers, cases, strict=True)
    assert bytes.fromhex(whole[0]) == whole[1][1], "a whole list replaces the other"
    for answer, case in rest:
        wanted = tag_list.unpack(tag_list.merge(*case))
        header, data = tag_list.unpack(bytes.fromhex(answer))
        assert data == wanted[1]
        assert (header["count"], header["version"]) == (wanted[0]["count"], 2)
        assert "since" not in header
