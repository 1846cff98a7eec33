"""Print one job in a tab of a browser."""

from itertools import groupby

from . import html
from .browser import BrowserError
from .document import Document, first_pages, read
from .options import MM_PER_INCH
from .tab import Tab

# so much HTML is laid out at a time: memory stays flat in a long run
MAX_BODIES = 100
MAX_BYTES = 8_000_000
MAX_FRAMES = 250


def batches(bodies):
    """Cut a list of bodies into pieces of one frame and bounded size."""
    for _frame, group in groupby(bodies, key=lambda body: body.frame):
        batch, size = [], 0
        for body in group:
            if batch and (len(batch) == MAX_BODIES or size > MAX_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(body)
            size += len(body.inner)
        yield batch


def render(job, messages, kept=None):
    """Print the job and return what could not be loaded, as lines of text."""
    texts = [path.read_text(encoding="utf-8") for path in job.bodies]
    header, footer = (
        path.read_text(encoding="utf-8") if path else ""
        for path in (job.header, job.footer)
    )
    origin = html.origin(texts[0]) or html.origin(header or footer)
    tab = Tab(messages, [{"url": origin, **cookie} for cookie in job.cookies], kept)
    try:
        document = Document()
        for batch in batches([html.split(text) for text in texts]):
            print_bodies(job, tab, origin, batch, document)
        if header or footer:
            print_frames(job, tab, origin, (header, footer), document)
        document.save(job.output)
    finally:
        tab.close()
    return list(dict.fromkeys(tab.problems))


def inches(*lengths):
    return [length / MM_PER_INCH for length in lengths]


def print_bodies(job, tab, origin, batch, document):
    tab.show(html.join(batch), origin)
    margins = inches(job.top, job.right, job.bottom, job.left)
    pdf = read(tab.pdf(*inches(job.width, job.height), margins, job.scale))
    try:
        starts = first_pages(pdf, len(batch))
    except KeyError:
        # the marks are lost: print them one by one
        for body in batch:
            print_bodies(job, tab, origin, [body], document)
        return
    document.add(pdf, starts)


def print_frames(job, tab, origin, texts, document):
    pages = document.pages()
    for first in range(0, len(pages), MAX_FRAMES):
        part = pages[first : first + MAX_FRAMES]
        tab.show(html.frames(job, *texts, part, job.scale), origin)
        pdf = read(tab.pdf(*inches(job.width, job.height), (0, 0, 0, 0), job.scale))
        if len(pdf.pages) != len(part):
            raise BrowserError(
                f"{len(pdf.pages)} pages of headers and footers for {len(part)} pages"
            )
        for number, frame in enumerate(pdf.pages, first):
            document.lay_under(number, frame)
