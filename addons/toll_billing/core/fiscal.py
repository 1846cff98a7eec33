"""What the Mexican tax office wants to know of who gets an invoice.

The kind of a tax id decides which regimes its holder may have; regime and kind decide
what an invoice may be used for.

>>> kind_of("GODE561231GR8"), kind_of("ABC010101AB9"), kind_of("12")
('person', 'company', None)
>>> kind_of("XAXX010101000"), kind_of("XEXX010101000"), kind_of("")
('generic', 'generic', 'generic')
>>> kind_of("B12345678", "ES"), kind_of("", "ES"), kind_of("GODE561231GR8", "MX")
('generic', 'generic', 'person')
"""

#: Tax ids that stand for everybody without one: of the country, and of abroad.
GENERIC = ("XAXX010101000", "XEXX010101000")
#: What the tax office wants for these.
GENERIC_REGIME, GENERIC_USE = "616", "S01"


def kind_of(vat: str | None, country_code: str | None = "MX") -> str | None:
    """Tell whose tax id it is: a person's, a company's, or everybody's."""
    number = (vat or "").upper()
    if not number or number in GENERIC or (country_code or "MX") != "MX":
        return "generic"
    return {13: "person", 12: "company"}.get(len(number))
