"""Cells that a spreadsheet program shows as text and never runs as a formula."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value) -> str:
    """Text of a cell for a CSV file that people open in a spreadsheet.

    >>> safe_cell('=HYPERLINK("http://x")')
    '\\'=HYPERLINK("http://x")'
    >>> safe_cell(" +1"), safe_cell("ABC-123"), safe_cell(None)
    ("' +1", 'ABC-123', '')
    """
    if value is None or value is False:
        return ""
    text = str(value)
    if text.lstrip(" ").startswith(FORMULA_STARTS):
        return "'" + text
    return text
