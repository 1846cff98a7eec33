"""Cells that a spreadsheet program shows as text and never runs as a formula."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value):
    """Text of a cell for a CSV file that people open in a spreadsheet.

    >>> safe_cell('=HYPERLINK("http://x")')
    '\\'=HYPERLINK("http://x")'
    >>> safe_cell(None), safe_cell("IMDM30992039"), safe_cell(-1)
    ('', 'IMDM30992039', '-1')
    """
    if value is None or value is False:
        return ""
    text = str(value)
    if isinstance(value, str) and text.lstrip(" ").startswith(FORMULA_STARTS):
        return "'" + text
    return text
