"""Write README.rst of addons from the manifest and the fragments readme/*.md.

Knows the Markdown that the fragments use: headings, lists, tables, code, links, bold.
"""

import ast
import re
import sys
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[2] / "addons"
SECTIONS = {
    "CONTEXT": "Context",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "DEVELOP": "For developers",
    "ROADMAP": "Known limits",
    "CONTRIBUTORS": "Contributors",
}
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def title(text, line):
    return f"{text}\n{line * len(text)}\n"


def inline(text):
    """Turn inline Markdown into reStructuredText.

    >>> inline("see [the `code`](x.md), **bold** `a_b`")
    'see `the code <x.md>`__, **bold** ``a_b``'
    """
    links = []

    def keep(match):
        links.append(f"`{match[1].replace('`', '')} <{match[2]}>`__")
        return f"\0{len(links) - 1}\0"

    text = CODE.sub(r"``\1``", LINK.sub(keep, text))
    return re.sub(r"\0(\d+)\0", lambda match: links[int(match[1])], text)


def table(lines):
    rows = [
        [inline(cell.strip()) for cell in line.strip().strip("|").split("|")]
        for line in lines
        if not re.fullmatch(r"[\s|:-]+", line)
    ]
    out = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        out += [f"   {'*' if not i else ' '} - {cell}" for i, cell in enumerate(row)]
    return [*out, ""]


def convert(markdown):
    """Turn a fragment into reStructuredText."""
    out, lines, fenced = [], markdown.strip().splitlines(), False
    while lines:
        line = lines.pop(0)
        if line.startswith("```"):
            fenced = not fenced
            out += [".. code-block:: " + (line[3:].strip() or "text"), ""] * fenced
            out += [""] * (not fenced)
        elif fenced:
            out.append(f"   {line}" if line else "")
        elif heading := re.match(r"(#+)\s+(.*)", line):
            out += [title(inline(heading[2]), "-~^"[min(len(heading[1]), 3) - 1])]
        elif line.lstrip().startswith("|"):
            rows = [line]
            while lines and lines[0].lstrip().startswith("|"):
                rows.append(lines.pop(0))
            out += ["", *table(rows)]
        else:
            item = re.match(r"\s*([-*]|\d+\.)\s", line)
            if item and out and out[-1] and not re.match(r"\s*([-*]|\d+\.)\s", out[-1]):
                if not out[-1].startswith("  "):
                    out.append("")
            out.append(inline(line))
    return "\n".join(out).rstrip() + "\n"


def readme(addon):
    """Return the text of README.rst."""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text(encoding="utf-8"))
    name = manifest["name"]
    parts = [f"{'=' * len(name)}\n{name}\n{'=' * len(name)}\n"]
    parts.append(f"{manifest['summary']}. Licence: {manifest['license']}.\n")
    for fragment in ("DESCRIPTION", *SECTIONS):
        path = addon / "readme" / f"{fragment}.md"
        if path.is_file():
            if fragment in SECTIONS:
                parts.append(title(SECTIONS[fragment], "="))
            parts.append(convert(path.read_text(encoding="utf-8")))
    return "\n".join(parts)


def main(names):
    folders = [ADDONS / name for name in names] or sorted(
        path.parent for path in ADDONS.glob("*/__manifest__.py")
    )
    for addon in folders:
        (addon / "README.rst").write_text(readme(addon), encoding="utf-8")
        print(f"{addon.name}/README.rst")


if __name__ == "__main__":
    main(sys.argv[1:])
