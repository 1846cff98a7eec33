"""Take Odoo's HTML files apart and put pages together for the browser."""

import copy
import re
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from lxml import html

SHAPE = re.compile(
    r"\A(?P<head>.*?)(?P<body><body\b[^>]*>)(?P<inner>.*)</body>\s*</html>\s*\Z",
    re.DOTALL | re.IGNORECASE,
)
BASE = re.compile(r"<base\b[^>]*\bhref=\"(?P<href>[^\"]+)\"", re.IGNORECASE)
# the address under which the browser sees our pages
PATH = "/__toll_pdf__/page.html"
MARK = "toll-pdf-"
# Bootstrap's container must not be narrower than the paper
WHOLE_WIDTH = "body.container { max-width: none; margin: 0 }"
HEADERS, FOOTERS = "minimal_layout_report_headers", "minimal_layout_report_footers"


@dataclass
class Body:
    """One HTML file; files with the same `frame` can be printed as one."""

    head: str
    tag: str
    inner: str

    @property
    def frame(self):
        return self.head, self.tag


def split(text):
    """Take one file apart; what has another shape is kept whole."""
    match = SHAPE.match(text)
    if not match:
        return Body("<!DOCTYPE html><html><head><meta charset='utf-8'>", "<body>", text)
    # Odoo keeps height and overflow at zero for wkhtmltopdf's sake
    head = match["head"].replace('style="height: 0;"', "", 1)
    head = head.replace("</head>", f"<style>{WHOLE_WIDTH}</style></head>", 1)
    return Body(head, match["body"].replace("overflow-hidden", "", 1), match["inner"])


def origin(text):
    """Return scheme and host that the file's relative links point to.

    >>> origin('<base href="http://localhost:8069/x"/>')
    'http://localhost:8069'
    """
    match = BASE.search(text)
    parts = urlsplit(match["href"]) if match else None
    if not parts or parts.scheme not in ("http", "https"):
        return None
    return f"{parts.scheme}://{parts.netloc}"


def join(bodies):
    """Put bodies of one frame behind each other, each on a new page.

    The links at the end make Chromium write where each marked place is.
    """
    head, tag = bodies[0].frame
    parts = [head, tag]
    for number, body in enumerate(bodies):
        rule = ' style="break-before: page"' if number else ""
        parts.append(f'<div id="{MARK}{number}"{rule}>{body.inner}</div>')
    if len(bodies) > 1:
        links = "".join(
            f'<a href="#{MARK}{number}">.</a>' for number in range(len(bodies))
        )
        parts.append(
            '<div style="position: absolute; top: 0; left: 0; height: 1px; '
            f'overflow: hidden; opacity: 0.01; font-size: 1px">{links}</div>'
        )
    parts.append("</body></html>")
    return "".join(parts)


def pieces(text, container):
    """Return the header or footer of each record."""
    if not text:
        return []
    found = html.document_fromstring(text).xpath(f'//div[@id="{container}"]')
    return list(found[0]) if found else []


def filled(piece, page, pages):
    """Return a header or footer with its page numbers, as text."""
    piece = copy.deepcopy(piece)
    piece.tail = None
    for name, value in (("page", page), ("topage", pages)):
        match = f"descendant::*[contains(concat(' ', @class, ' '), ' {name} ')]"
        for node in piece.xpath(match):
            tail = node.tail
            node.clear(keep_tail=True)
            node.tail, node.text = tail, str(value)
            node.set("class", name)
    return html.tostring(piece, encoding="unicode")


def frames(job, header, footer, pages, scale):
    """Return one HTML text with a page of header and footer for each body page.

    `pages` has (record, page in record, pages of record) for each page.
    """
    source = split(header or footer)
    tops, feet = pieces(header, HEADERS), pieces(footer, FOOTERS)
    px = 96 / 25.4 / scale  # of a page that will be printed at that scale
    classes = re.search(r'class="([^"]*)"', source.tag)
    inner = escape(classes[1].replace("overflow-hidden", "") if classes else "")
    direction = ' dir="rtl"' if 'dir="rtl"' in source.tag else ""
    style = f"""
        @page {{ margin: 0 }}
        body {{ margin: 0; padding: 0; max-width: none }}
        .toll-page {{ position: relative; overflow: hidden; break-after: page;
                      height: {job.height * px - 1:.3f}px }}
        .toll-page:last-child {{ break-after: auto }}
        .toll-page > div {{ position: absolute; max-width: none !important;
            left: {job.left * px:.3f}px; right: {job.right * px:.3f}px; width: auto }}
        .toll-top {{ top: {max(0, job.top - job.header_spacing) * px:.3f}px }}
        .toll-foot {{ top: {(job.height - job.bottom) * px:.3f}px }}
        .toll-line {{ top: {job.top * px:.3f}px; border-top: 1px solid black }}
    """
    head = source.head.replace("</head>", "")
    parts = [head, f"<style>{style}</style></head><body{direction}>"]
    for record, page, count in pages:
        parts.append('<div class="toll-page">')
        for name, all_pieces in (("toll-top", tops), ("toll-foot", feet)):
            if all_pieces:
                piece = all_pieces[min(record, len(all_pieces) - 1)]
                text = filled(piece, page, count)
                parts.append(f'<div class="{name} {inner}">{text}</div>')
        if job.header_line:
            parts.append('<div class="toll-line"></div>')
        parts.append("</div>")
    parts.append("</body></html>")
    return "".join(parts)
