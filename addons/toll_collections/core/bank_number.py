"""Bank accounts that may be debited: an IBAN, or a CLABE with the name of its bank."""

from odoo.addons.toll_account.core.banks import AccountNumberError, clean_account

#: Participants of the Mexican payment system by the first digits of their CLABEs.
CLABE_BANKS = {
    "002": "BANAMEX",
    "006": "BANCOMEXT",
    "009": "BANOBRAS",
    "012": "BBVA MEXICO",
    "014": "SANTANDER",
    "019": "BANJERCITO",
    "021": "HSBC",
    "030": "BAJIO",
    "036": "INBURSA",
    "042": "MIFEL",
    "044": "SCOTIABANK",
    "058": "BANREGIO",
    "059": "INVEX",
    "060": "BANSI",
    "062": "AFIRME",
    "072": "BANORTE",
    "106": "BANK OF AMERICA",
    "112": "BMONEX",
    "113": "VE POR MAS",
    "127": "AZTECA",
    "128": "KAPITAL",
    "130": "COMPARTAMOS",
    "132": "MULTIVA BANCO",
    "133": "ACTINVER",
    "136": "INTERCAM BANCO",
    "137": "BANCOPPEL",
    "143": "CIBANCO",
    "145": "BBASE",
    "147": "BANKAOOL",
    "150": "INMOBILIARIO",
    "152": "BANCREA",
    "156": "SABADELL",
    "166": "BANCO DEL BIENESTAR",
    "638": "NU MEXICO",
    "646": "STP",
    "722": "MERCADO PAGO",
}

#: Length of an IBAN by its country, of the countries where SEPA debits work.
IBAN_LENGTHS = {
    key: int(length)
    for length, keys in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI NL",
        "19": "SI",
        "20": "AT BA EE LT LU",
        "21": "CH HR LI LV",
        "22": "BG DE GB IE",
        "23": "GI",
        "24": "AD CZ ES MD RO SE SK",
        "25": "PT",
        "26": "IS",
        "27": "FR GR IT MC SM",
        "28": "CY HU PL",
        "31": "MT",
    }.items()
    for key in keys.split()
}


def check(text):
    """The number as it is stored; raises for what no bank would debit.

    >>> check("032 180 000 118 359 719")
    '032180000118359719'
    >>> check("ES91 2100 0418 4502 0005 1332")
    'ES9121000418450200051332'
    >>> check("ES91 2100 0418 4502 0005 133")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    AccountNumberError: check_digit
    >>> check("12345678")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    AccountNumberError: kind
    """
    number = clean_account(text)
    if number.isdecimal():
        if len(number) != 18:
            raise AccountNumberError("kind")
        return number
    if len(number) != IBAN_LENGTHS.get(number[:2], len(number)):
        raise AccountNumberError("check_digit")
    return number


def bank_name(number):
    """The bank of a CLABE where it is known.

    >>> bank_name("012180000118359719")
    'BBVA MEXICO'
    >>> bank_name("ES9121000418450200051332")
    ''
    """
    is_clabe = number.isdecimal() and len(number) == 18
    return CLABE_BANKS.get(number[:3], "") if is_clabe else ""
