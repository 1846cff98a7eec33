"""What somebody typed, told back so that people nearby cannot read it."""


def mask(text: str | None, shown: int = 3) -> str:
    """Return the end of the text after dots; of a short text less than half.

    >>> mask("TSA0001"), mask(" abc-12 "), mask("AB"), mask(None)
    ('••••001', '••••12', '••', '')
    """
    text = (text or "").strip()
    keep = min(shown, max(0, (len(text) - 1) // 2))
    return "•" * (len(text) - keep) + text[len(text) - keep :]
