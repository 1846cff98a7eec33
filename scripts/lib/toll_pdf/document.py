"""Put the printed parts together into one PDF."""

import io

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from .html import MARK


def first_pages(pdf, count):
    """Return the page on which each of `count` joined bodies begins."""
    if count == 1:
        return [0]
    places = pdf.named_destinations
    return [
        pdf.get_destination_page_number(places[name])
        for name in (f"/{MARK}{number}" for number in range(count))
    ]


def read(data):
    return PdfReader(io.BytesIO(data))


class Document:
    """The PDF that is being put together."""

    def __init__(self):
        self.writer = PdfWriter()
        self.starts = []

    def add(self, pdf, starts):
        """Append a printed file whose records begin at the pages `starts`."""
        offset = len(self.writer.pages)
        self.starts += [offset + start for start in starts]
        self.writer.append(pdf, import_outline=False)

    def pages(self):
        """Return (record, page in record, pages of record) for each page."""
        ends = [*self.starts[1:], len(self.writer.pages)]
        return [
            (record, page + 1, end - start)
            for record, (start, end) in enumerate(zip(self.starts, ends, strict=True))
            for page in range(end - start)
        ]

    def lay_under(self, number, frame):
        """Draw another file's page behind page `number`.

        It becomes a form of the page: nothing is parsed, no name can collide.
        """
        page = self.writer.pages[number]
        form = StreamObject()
        form.set_data(frame.get_contents().get_data())
        form.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Form"),
                NameObject("/BBox"): ArrayObject(frame.mediabox),
                NameObject("/Resources"): frame["/Resources"].clone(self.writer),
            }
        )
        if "/Group" in frame:
            form[NameObject("/Group")] = frame["/Group"].clone(self.writer)
        resources = page["/Resources"].get_object()
        forms = resources.setdefault(NameObject("/XObject"), DictionaryObject())
        name = f"/TollFrame{number}"
        forms.get_object()[NameObject(name)] = self.writer._add_object(
            form.flate_encode()
        )
        contents = page["/Contents"]
        if not isinstance(contents, ArrayObject):
            contents = ArrayObject([page.raw_get("/Contents")])
        page[NameObject("/Contents")] = ArrayObject(
            [self._operators(f"q {name} Do Q q\n"), *contents, self._operators("\nQ")]
        )

    def _operators(self, text):
        stream = StreamObject()
        stream.set_data(text.encode())
        return self.writer._add_object(stream)

    def mark_records(self):
        """Say where each record begins, in the form in which Odoo looks for it."""
        if len(self.starts) < 2:
            return
        root = DictionaryObject({NameObject("/Type"): NameObject("/Outlines")})
        parent = self.writer._add_object(root)
        places, items = DictionaryObject(), []
        for record, start in enumerate(self.starts):
            name = NameObject(f"/__WKANCHOR_{record}")
            places[name] = ArrayObject([NumberObject(start), NameObject("/Fit")])
            items.append(
                DictionaryObject(
                    {
                        NameObject("/Title"): TextStringObject(str(record + 1)),
                        NameObject("/Dest"): name,
                        NameObject("/Parent"): parent,
                    }
                )
            )
        references = [self.writer._add_object(item) for item in items]
        for left, right in zip(range(len(items)), range(1, len(items)), strict=False):
            items[left][NameObject("/Next")] = references[right]
            items[right][NameObject("/Prev")] = references[left]
        root[NameObject("/First")], root[NameObject("/Last")] = (
            references[0],
            references[-1],
        )
        root[NameObject("/Count")] = NumberObject(len(items))
        catalog = self.writer._root_object
        catalog[NameObject("/Outlines")] = parent
        catalog[NameObject("/Dests")] = self.writer._add_object(places)

    def save(self, path):
        self.mark_records()
        # the same font or logo is in the file once, however many pages show it
        self.writer.compress_identical_objects()
        with open(path, "wb") as file:
            self.writer.write(file)
