"""Number plates: one spelling for storing, one for look-alike search.

>>> normalize(" abc-12.34 ")
'ABC1234'
>>> lookalike("OB1-Z5")
'08125'
>>> lookalike("0812S") == lookalike("DBIZ5")
True
"""

import unicodedata

# Letters and digits that cameras and people take for one another. Each row folds to
# its first character, so that two plates that can be confused fold to the same text.
CONFUSABLE = ("0OQD", "1IL", "2Z", "5S", "6G", "8B", "EF", "UV", "MN")
_FOLD = str.maketrans({c: row[0] for row in CONFUSABLE for c in row[1:]})


def normalize(plate: str | None) -> str:
    """Return the plate in upper case with only A-Z and 0-9.

    >>> normalize("ñu-01 é")
    'NU01E'
    >>> normalize(None)
    ''
    """
    if not plate:
        return ""
    if plate.isascii():
        return "".join(c for c in plate.upper() if c.isalnum())
    split = unicodedata.normalize("NFKD", plate).upper()
    return "".join(c for c in split if c.isascii() and c.isalnum())


def lookalike(plate: str | None) -> str:
    """Return the plate with confusable characters folded together."""
    return normalize(plate).translate(_FOLD)
