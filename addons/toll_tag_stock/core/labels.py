"""Labels in ZPL, the language of label printers: a barcode and its text."""

from typing import NamedTuple

DOTS_PER_MM = {203: 8, 300: 12}


class Label(NamedTuple):
    """What stands on one label; ``code`` is the barcode."""

    code: str
    title: str = ""
    note: str = ""


def escape(text):
    r"""Text inside ``^FH`` fields: what would be a command is written in hexadecimal.

    >>> escape("A^B~C_D")
    'A_5EB_7EC_5FD'
    >>> escape("two\nlines")
    'two lines'
    """
    text = " ".join(str(text or "").split())
    for mark in "_^~":
        text = text.replace(mark, f"_{ord(mark):02X}")
    return text


def zpl(labels, width=50, height=25, dpi=203, copies=1):
    """A ZPL II job for these labels; sizes in millimetres.

    >>> print(zpl([Label("IMDM30992039", "TAG")], copies=2))
    ^XA^CI28^PW400^LL200
    ^FO24,16^A0N,24,24^FH^FDTAG^FS
    ^FO24,48^BY2^BCN,80,N,N,N^FH^FDIMDM30992039^FS
    ^FO24,136^A0N,28,28^FH^FDIMDM30992039^FS
    ^PQ2^XZ
    <BLANKLINE>
    """
    dots = DOTS_PER_MM[dpi]
    return "".join(_label(label, width, height, dots, copies) for label in labels)


def _label(label, width, height, dots, copies):
    left = 3 * dots
    code = escape(label.code)
    lines = [f"^XA^CI28^PW{width * dots}^LL{height * dots}"]
    if label.title:
        lines.append(
            f"^FO{left},{2 * dots}^A0N,{3 * dots},{3 * dots}"
            f"^FH^FD{escape(label.title)}^FS"
        )
    bars = 10 * dots
    lines.append(
        f"^FO{left},{6 * dots}^BY{max(dots // 4, 1)}^BCN,{bars},N,N,N^FH^FD{code}^FS"
    )
    size = 7 * dots // 2
    lines.append(f"^FO{left},{17 * dots}^A0N,{size},{size}^FH^FD{code}^FS")
    if label.note:
        lines.append(
            f"^FO{left},{21 * dots}^A0N,{5 * dots // 2},{5 * dots // 2}"
            f"^FH^FD{escape(label.note)}^FS"
        )
    lines.append(f"^PQ{copies}^XZ")
    return "\n".join(lines) + "\n"
