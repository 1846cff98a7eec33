"""The part of wkhtmltopdf's command line that Odoo uses."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

MM_PER_INCH = 25.4
PAPER_MM = {
    "A0": (841, 1189),
    "A1": (594, 841),
    "A2": (420, 594),
    "A3": (297, 420),
    "A4": (210, 297),
    "A5": (148, 210),
    "A6": (105, 148),
    "A7": (74, 105),
    "A8": (52, 74),
    "A9": (37, 52),
    "B0": (1000, 1414),
    "B1": (707, 1000),
    "B2": (500, 707),
    "B3": (353, 500),
    "B4": (250, 353),
    "B5": (176, 250),
    "B6": (125, 176),
    "B7": (88, 125),
    "B8": (62, 88),
    "B9": (44, 62),
    "B10": (31, 44),
    "C5E": (163, 229),
    "Comm10E": (105, 241),
    "DLE": (110, 220),
    "Executive": (190.5, 254),
    "Folio": (210, 330),
    "Ledger": (431.8, 279.4),
    "Legal": (215.9, 355.6),
    "Letter": (215.9, 279.4),
    "Tabloid": (279.4, 431.8),
}
FLAGS = {
    "--disable-javascript",
    "--disable-local-file-access",
    "--disable-smart-shrinking",
    "--enable-local-file-access",
    "--enable-smart-shrinking",
    "--header-line",
    "--footer-line",
    "--print-media-type",
    "--quiet",
}
WITH_VALUE = {
    "--cookie-jar",
    "--dpi",
    "--footer-html",
    "--footer-spacing",
    "--header-html",
    "--header-spacing",
    "--image-dpi",
    "--image-quality",
    "--javascript-delay",
    "--load-error-handling",
    "--load-media-error-handling",
    "--margin-bottom",
    "--margin-left",
    "--margin-right",
    "--margin-top",
    "--orientation",
    "--page-height",
    "--page-size",
    "--page-width",
    "--viewport-size",
    "--zoom",
}
SHORT = {
    "-B": "--margin-bottom",
    "-L": "--margin-left",
    "-O": "--orientation",
    "-R": "--margin-right",
    "-T": "--margin-top",
    "-d": "--dpi",
    "-q": "--quiet",
    "-s": "--page-size",
}
# wkhtmltopdf's "smart shrinking" sets text of a report at this part of its CSS size
SMART_SCALE = 0.78
UNIT_MM = {"mm": 1, "cm": 10, "in": MM_PER_INCH, "pt": MM_PER_INCH / 72, "": 1}


class UsageError(Exception):
    """The command line is not one that this program understands."""


@dataclass
class Job:
    """What to print, in millimetres."""

    bodies: list
    output: Path
    width: float
    height: float
    top: float
    bottom: float
    left: float
    right: float
    header_spacing: float = 0
    header: Path | None = None
    footer: Path | None = None
    header_line: bool = False
    scale: float = SMART_SCALE
    cookies: list = field(default_factory=list)


def millimetres(text):
    """Read a length; a bare number is in millimetres.

    >>> millimetres("40.0"), millimetres("1in")
    (40.0, 25.4)
    """
    match = re.fullmatch(r"([\d.]+)\s*([a-z]*)", str(text).strip().lower())
    if not match or match[2] not in UNIT_MM:
        raise UsageError(f"not a length: {text!r}")
    return float(match[1]) * UNIT_MM[match[2]]


def parse(argv):
    """Turn the command line into a Job."""
    given, paths, words, single = {}, [], iter(argv), []
    for word in words:
        name, equals, value = SHORT.get(word, word).partition("=")
        if name == "--cookie":  # its name and its value, once or more
            pair = next(words, None), next(words, None)
            if None in pair:
                raise UsageError("--cookie needs a name and a value")
            single.append({"name": pair[0], "value": unquote(pair[1])})
        elif name in FLAGS:
            given[name] = True
        elif name in WITH_VALUE:
            if not equals:
                value = next(words, None)
            if value is None:
                raise UsageError(f"{name} needs a value")
            given[name] = value
        elif word.startswith("-"):
            raise UsageError(f"unknown option {word}")
        else:
            paths.append(Path(word).resolve())
    if len(paths) < 2:
        raise UsageError("wanted: options, HTML files and the PDF file to write")
    missing = [str(path) for path in paths[:-1] if not path.is_file()]
    if missing:
        raise UsageError(f"no such file: {', '.join(missing)}")
    width, height = paper(given)
    return Job(
        bodies=paths[:-1],
        output=paths[-1],
        width=width,
        height=height,
        top=millimetres(given.get("--margin-top", 10)),
        bottom=millimetres(given.get("--margin-bottom", 10)),
        left=millimetres(given.get("--margin-left", 10)),
        right=millimetres(given.get("--margin-right", 10)),
        header_spacing=millimetres(given.get("--header-spacing", 0)),
        header=given.get("--header-html") and Path(given["--header-html"]),
        footer=given.get("--footer-html") and Path(given["--footer-html"]),
        header_line="--header-line" in given,
        scale=1 if "--disable-smart-shrinking" in given else SMART_SCALE,
        cookies=[*cookies(given.get("--cookie-jar")), *single],
    )


def paper(given):
    """Return width and height of the paper, turned if landscape."""
    if "--page-width" in given and "--page-height" in given:
        size = millimetres(given["--page-width"]), millimetres(given["--page-height"])
    else:
        name = given.get("--page-size", "A4")
        size = {k.lower(): v for k, v in PAPER_MM.items()}.get(name.lower())
        if not size:
            raise UsageError(f"unknown paper size {name}")
    if given.get("--orientation", "").lower() == "landscape":
        return size[1], size[0]
    return size


def cookies(path):
    """Read Odoo's cookie jar: `name=value; HttpOnly; domain=…; path=/;`."""
    found = []
    if path and Path(path).is_file():
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            parts = [part.strip() for part in line.split(";") if part.strip()]
            if not parts or "=" not in parts[0]:
                continue
            name, _, value = parts[0].partition("=")
            rest = dict(part.partition("=")[::2] for part in parts[1:])
            found.append({"name": name, "value": value, "domain": rest.get("domain")})
    return found
