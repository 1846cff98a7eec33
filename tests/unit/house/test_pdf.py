"""The Chromium that answers to the name of wkhtmltopdf."""

import doctest
import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader
from toll_pdf import document, html, options
from toll_pdf.browser import Chromium
from toll_pdf.tab import Tab

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "scripts" / "bin" / "wkhtmltopdf"
PAGE = """
<!DOCTYPE html>
<html style="height: 0;"><head><base href="http://localhost:1"/>
<meta charset="utf-8"/></head>
<body class="o_body_pdf container overflow-hidden">{}</body></html>
"""
HEADERS = '<div id="minimal_layout_report_headers">{}</div>'
FOOTERS = '<div id="minimal_layout_report_footers">{}</div>'


@pytest.mark.parametrize("module", [options, html])
def test_examples_are_true(module):
    assert not doctest.testmod(module).failed


def test_unknown_option_is_refused():
    with pytest.raises(options.UsageError, match="--outline"):
        options.parse(["--outline", "a.html", "b.pdf"])


def test_missing_file_is_named():
    with pytest.raises(options.UsageError, match=r"nowhere\.html"):
        options.parse(["/nowhere.html", "b.pdf"])


def test_paper_is_turned_and_measured(tmp_path):
    body = tmp_path / "body.html"
    body.write_text("x")
    job = options.parse(
        [
            *("--page-size", "A5", "--orientation", "Landscape"),
            *("-T", "12", "--margin-left=2cm", str(body), "out.pdf"),
        ]
    )
    assert (job.width, job.height) == (210, 148)
    assert (job.top, job.left) == (12, 20)
    assert job.scale == options.SMART_SCALE


def test_cookie_of_odoo_is_read(tmp_path):
    jar = tmp_path / "jar"
    jar.write_text("session_id=s=1; HttpOnly; domain=localhost; path=/;")
    assert options.cookies(jar) == [
        {"name": "session_id", "value": "s=1", "domain": "localhost"}
    ]


def test_cookies_of_the_command_line_are_read(tmp_path):
    page = tmp_path / "a.html"
    page.write_text("<p/>")
    job = options.parse(
        ["--cookie", "test", "a%20b", "--quiet", str(page), str(tmp_path / "a.pdf")]
    )
    assert job.cookies == [{"name": "test", "value": "a b"}]
    with pytest.raises(options.UsageError, match="--cookie"):
        options.parse(["--cookie", "test"])


def test_page_numbers_are_filled_in():
    (piece,) = html.pieces(
        PAGE.format(
            FOOTERS.format(
                '<div class="footer">Page <b class="page">?</b> of '
                '<i class="topage x"/>!</div>'
            )
        ),
        html.FOOTERS,
    )
    text = html.filled(piece, 2, 7)
    assert ">2</b> of" in text and ">7</i>!" in text


def long_body(name, paragraphs):
    return PAGE.format("".join(f"<p>{name} {i}</p>" for i in range(paragraphs)))


needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))),
    reason="no Chromium on this machine",
)


@needs_chromium
def test_many_records_are_printed_at_once():
    """They share fonts then, and it takes a fraction of the time."""
    texts = [long_body("one", 2), long_body("two", 90), long_body("three", 2)]
    chromium = Chromium()
    try:
        tab = Tab(chromium.messages)
        tab.show(html.join([html.split(text) for text in texts]), html.origin(texts[0]))
        pdf = document.read(tab.pdf(8.3, 11.7, (1, 1, 1, 1), 1))
    finally:
        chromium.close()
    assert document.first_pages(pdf, 3) == [0, 1, len(pdf.pages) - 1]


@pytest.fixture(params=["0", "3"], ids=["own-browser", "kept-browser"])
def printed(request, tmp_path, monkeypatch):
    """Three records of 1, 3 and 1 pages with headers and footers, as printed."""
    texts = {
        "a.html": long_body("alpha", 3),
        "b.html": long_body("beta", 120),
        "c.html": long_body("gamma", 3),
        "head.html": PAGE.format(
            HEADERS.format("<div>Head A</div><div>Head B</div><div>Head C</div>")
        ),
        "foot.html": PAGE.format(
            FOOTERS.format(
                '<div>Page <b class="page"/> of <b class="topage"/></div>' * 3
            )
        ),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    home = tmp_path / "home"
    home.mkdir()
    real = Path(os.environ.get("TOLL_HOME") or ROOT / ".toll")
    (home / "venv").symlink_to(real / "venv")
    environment = {**os.environ, "TOLL_HOME": str(home), "TOLL_PDF_IDLE": request.param}
    command = [
        *(str(PROGRAM), "--disable-local-file-access", "--quiet"),
        *("--page-size", "A4", "--margin-top", "40", "--header-spacing", "35"),
        *("--margin-bottom", "25", "--orientation", "Portrait"),
        *("--header-html", "head.html", "--footer-html", "foot.html"),
        *("a.html", "b.html", "c.html", "out.pdf"),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return PdfReader(io.BytesIO((tmp_path / "out.pdf").read_bytes()))


@needs_chromium
def test_records_headers_and_page_numbers(printed):
    texts = [" ".join(page.extract_text().split()) for page in printed.pages]
    middle = len(texts) - 2
    assert middle > 1, "the second record has several pages"
    assert texts[0].count("Head A") == 1 and "alpha 2" in texts[0]
    assert "Page 1 of 1" in texts[0] and "Page 1 of 1" in texts[-1]
    for number in range(middle):
        assert "Head B" in texts[1 + number]
        assert f"Page {number + 1} of {middle}" in texts[1 + number]
    assert "Head C" in texts[-1] and "gamma 0" in texts[-1]


@needs_chromium
def test_odoo_finds_where_each_record_begins(printed):
    """The way in which Odoo itself walks the outline."""
    root = printed.trailer["/Root"]
    starts, node = [], root["/Outlines"]["/First"]
    while node:
        starts.append(root["/Dests"][node["/Dest"]][0])
        node = node.get("/Next")
    assert starts == [0, 1, len(printed.pages) - 1]


def test_version_is_the_one_odoo_wants():
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True)
    assert done.stdout.startswith("wkhtmltopdf 0.12.6 (with patched qt)")
