"""Sentences for the codes that core/ gives to what it refuses."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

MESSAGES = {
    "bad_amount": _lt("“%(value)s” is not an amount: write it as 1234.56"),
    "bad_company_prefix": _lt(
        "“%(value)s” is not a GS1 company prefix of 6 to 12 digits "
        "(see the TAG product)"
    ),
    "bad_control_digit": _lt(
        "“%(value)s” has a wrong control digit: it should end in %(expected)s"
    ),
    "bad_email": _lt("“%(value)s” is not an e-mail address"),
    "bad_epc": _lt("“%(value)s” is not an EPC of 24 hexadecimal digits"),
    "bad_number": _lt(
        "“%(value)s” is not a TAG number: letters and digits, 4 to 24 characters, "
        "with at least one digit"
    ),
    "bad_payment_mode": _lt("“%(value)s” is not a payment mode: prepaid or postpaid"),
    "bad_plate": _lt("“%(value)s” is not a plate"),
    "bad_tid": _lt("“%(value)s” is not a TID (8 to 64 hexadecimal digits)"),
    "bad_xlsx": _lt("The file cannot be read as a spreadsheet: save it again as XLSX"),
    "epc_exists": _lt("EPC %(value)s already belongs to a TAG"),
    "epc_without_tag": _lt("EPC or TID %(value)s stands without a TAG number"),
    "file_too_big": _lt("The file is larger than %(limit)s MB: split it"),
    "group_mode_differs": _lt(
        "The lines of group %(value)s do not agree on the payment mode"
    ),
    "missing_column": _lt("Column “%(value)s” is missing"),
    "missing_value": _lt("“%(value)s” is empty"),
    "no_control_digit": _lt("“%(value)s” does not end in a control digit"),
    "not_utf8": _lt("The file is not UTF-8 text: save it as CSV UTF-8"),
    "no_trailing_digits": _lt("“%(value)s” does not end in digits"),
    "number_exists": _lt("TAG %(value)s already exists"),
    "number_too_long": _lt("“%(value)s” is too long for an EPC by this scheme"),
    "plate_exists": _lt("Plate %(value)s already belongs to an account"),
    "range_backwards": _lt(
        "The last number (%(last)s) is before the first (%(first)s)"
    ),
    "range_mismatch": _lt(
        "%(first)s and %(last)s are not of one series: the letters and the number of "
        "digits must be the same"
    ),
    "range_too_long": _lt(
        "The range has %(count)s TAGs; at most %(limit)s are received at once"
    ),
    "repeated_epc": _lt("EPC %(value)s already stands in line %(first)s"),
    "repeated_number": _lt("TAG %(value)s already stands in line %(first)s"),
    "repeated_plate": _lt("Plate %(value)s already stands in line %(first)s"),
    "repeated_tid": _lt("TID %(value)s already stands in line %(first)s"),
    "tag_without_vehicle": _lt("TAG %(value)s stands without a plate"),
    "tid_exists": _lt("TID %(value)s already belongs to a TAG"),
    "too_many_columns": _lt("There are more columns than expected (“%(value)s”)"),
    "too_many_lines": _lt("More than %(limit)s lines: split the file"),
    "unknown_class": _lt("There is no vehicle class “%(value)s”"),
    "unknown_country": _lt("There is no country with the code “%(value)s”"),
    "unknown_column": _lt("Unknown column: %(value)s"),
    "unknown_lang": _lt("Language “%(value)s” is not installed"),
}


def message(env, code, params):
    """The sentence for a refusal, in the user's language."""
    sentence = env._(MESSAGES[code])
    return sentence % params


def line_messages(env, errors):
    """One sentence per refused line, in the order of the lines."""
    return [
        env._(
            "Line %(line)s: %(message)s",
            line=error.line,
            message=message(env, error.code, error.params),
        )
        for error in sorted(errors, key=lambda error: error.line)
    ]
