"""Read XML, one record element at a time, in bounded memory.

No entity is resolved, no DTD is read, no network is used: a file with a document type
is refused, because crossings never need one.
"""

from lxml import etree

from .errors import LINE_TOO_LONG, Fault, IntakeError
from .lines import KEPT
from .staging import Stager

MAX_NODES = 1_000  # elements below one record; a crossing has a few dozen


class XmlRecords:
    """Stage the record elements of an XML file.

    :param layout: Layout of kind XML
    :param clock: Clock
    :param converter: Converter
    """

    def __init__(self, layout, clock, converter):
        self._tag = layout.record_tag
        sources, self._paths = {}, {}
        for column in layout.bound_columns:
            sources[column.target] = (*sources.get(column.target, ()), column)
            if not column.constant:
                self._paths[column] = tuple(column.name.split("/"))
        self._used = {path[0] for path in self._paths.values()}
        self._stager = Stager(clock, converter, sources)

    def batches(self, stream, skip, size):
        """Yield (record numbers, staged rows)."""
        numbers, rows = [], []
        count = 0
        try:
            for record, nodes in self._records(stream):
                count += 1
                if count <= skip:
                    continue
                numbers.append(count)
                rows.append(self._stage(record, nodes, count))
                if len(rows) >= size:
                    yield numbers, rows
                    numbers, rows = [], []
        except IntakeError:
            if rows:
                yield numbers, rows
            raise
        if rows:
            yield numbers, rows
        if not count:
            raise IntakeError(
                "no_records",
                f"The file has no element {self._tag}. Check the record's tag in the "
                "profile.",
            )

    def _records(self, stream):
        """Yield (element, number of elements below it) and free what was read."""
        context = etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        record, nodes = None, 0
        try:
            for event, element in context:
                if event == "start":
                    if element.getparent() is None:
                        _refuse_doctype(element)
                    if record is not None:
                        nodes += 1
                    elif _local(element) == self._tag:
                        record, nodes = element, 0
                    continue
                if element is record:
                    yield record, nodes
                    record = None
                if record is None or nodes > MAX_NODES:
                    _free(element)
        except etree.XMLSyntaxError as error:
            raise IntakeError(
                "bad_xml",
                f"The XML is damaged or cut off: {error.msg}. Send the file again.",
                line=error.lineno,
            ) from None

    def _stage(self, record, nodes, number):
        if nodes > MAX_NODES:
            fault = Fault(
                f"the record has more than {MAX_NODES} elements", LINE_TOO_LONG
            )
            return self._stager.faulty(number, fault, {})
        try:
            texts = {
                column: self._text(record, path) for column, path in self._paths.items()
            }
            extra = {
                key: value
                for key, value in _flat(record)
                if key.split("/")[0] not in self._used
            }
        except Fault as fault:
            text = etree.tostring(record, encoding="unicode", with_tail=False)
            return self._stager.faulty(number, fault, {"_record": text[: KEPT * 8]})
        return self._stager.row(
            number, texts.__getitem__, lambda: dict(_flat(record)), extra
        )

    @staticmethod
    def _text(record, path):
        element = record
        for name in path:
            if name.startswith("@"):
                return element.get(name[1:]) or ""
            found = [child for child in element if _local(child) == name]
            if not found:
                return ""
            if len(found) > 1:
                raise Fault(f"element {'/'.join(path)}: {name} stands more than once")
            element = found[0]
        if len(element):
            raise Fault(f"element {'/'.join(path)}: one value is expected")
        return element.text or ""


def _local(element):
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _flat(record):
    """Return (path, text) of all attributes and leaves below a record."""
    pairs, counts = [], {}
    for element in record.iter():
        path = _path(element, record)
        pairs += [(f"{path}/@{key}".lstrip("/"), v) for key, v in element.items()]
        text = (element.text or "").strip()
        if text:
            counts[path] = counts.get(path, 0) + 1
            number = f"[{counts[path]}]" if counts[path] > 1 else ""
            pairs.append((path + number, text))
    return pairs


def _path(element, record):
    names = []
    while element is not record:
        names.append(_local(element))
        element = element.getparent()
    return "/".join(reversed(names))


def _refuse_doctype(root):
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise IntakeError(
            "xml_doctype",
            "The XML has a document type (DOCTYPE), which is not accepted. "
            "Send it without.",
        )


def _free(element):
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
