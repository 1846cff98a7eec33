"""Tax ids, checked by the rules of the country that gave them.

>>> clean_tax_id(" gode-561231 gr8 ")
'GODE561231GR8'
>>> is_tax_id("GODE561231GR8", "MX"), is_tax_id("GODE561331GR8", "MX")
(True, False)

Where nobody knows the rule of a country, what looks like an id is one:

>>> is_tax_id("12345", "AQ"), is_tax_id("1", "AQ"), is_tax_id("<b>12345", "AQ")
(True, False, False)
"""

import re

from stdnum.util import get_cc_module

_SEPARATORS = re.compile(r"[\s./-]+")
_PLAIN = re.compile(r"[A-Z0-9Ñ&]{4,20}")


def clean_tax_id(text: str | None) -> str:
    """Return the id in capitals, without blanks and separators."""
    return _SEPARATORS.sub("", text or "").upper()


def is_tax_id(number: str, country_code: str | None) -> bool:
    """Tell whether the (clean) number is a tax id of the country."""
    if not _PLAIN.fullmatch(number):
        return False
    module = get_cc_module((country_code or "").lower(), "vat")
    return module is None or bool(module.is_valid(number))
