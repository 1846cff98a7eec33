"""Words of a message to many: placeholders, and how long a text message gets."""

import re

PLACEHOLDERS = ("name", "account", "balance", "company", "plates")
_PLACE = re.compile(r"\{([^{}]*)\}")
#: Letters that a text message carries in seven bits; others need sixteen.
_PLAIN = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_PLAIN_TWICE = frozenset("^{}\\[~]|€\f")


def unknown_placeholders(text: str | None) -> list[str]:
    """Return what stands in braces and means nothing.

    >>> unknown_placeholders("Hello {name}, {amount} and {}")
    ['amount', '']
    """
    return [name for name in _PLACE.findall(text or "") if name not in PLACEHOLDERS]


def fill(text: str | None, values: dict[str, str]) -> str:
    """Return the text with its placeholders filled; values are never read again.

    >>> fill("{name}: {balance} {other}", {"name": "{balance}", "balance": "$ 5"})
    '{balance}: $ 5 {other}'
    """
    return _PLACE.sub(lambda m: values.get(m[1], m[0]), text or "")


def count_parts(text: str) -> int:
    """Return how many text messages a provider counts for it.

    >>> [count_parts("a" * n) for n in (0, 160, 161, 306, 307)]
    [0, 1, 2, 2, 3]
    >>> count_parts("€" * 80), count_parts("€" * 81), count_parts("á" * 71)
    (1, 2, 2)
    """
    if set(text) <= _PLAIN | _PLAIN_TWICE:
        size = len(text) + sum(letter in _PLAIN_TWICE for letter in text)
        single, part = 160, 153
    else:
        size = len(text.encode("utf-16-le")) // 2
        single, part = 70, 67
    if size <= single:
        return 1 if size else 0
    return -(-size // part)
