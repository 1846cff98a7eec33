"""Access and kill passwords of a TAG, derived from the master key.

They are never stored: who holds the master key and the EPC can compute them again.
"""

import hashlib
import hmac

PURPOSES = ("access", "kill")


def derive(master, purpose, epc):
    """Eight hexadecimal digits; never all zero, which a chip takes for "no password".

    >>> derive(b"k" * 32, "access", "3414257BF40000000000162E")
    'A855A76D'
    >>> derive(b"k" * 32, "kill", "3414257BF40000000000162E")
    '902F0B22'
    """
    if purpose not in PURPOSES:
        raise ValueError(purpose)
    for counter in range(256):
        message = f"toll-tag\0{purpose}\0{epc.upper()}\0{counter}".encode()
        word = hmac.digest(master, message, hashlib.sha256)[:4].hex().upper()
        if word != "00000000":
            return word
    raise ValueError("no password")  # once in 2**8192


def redact(text, secrets):
    """The text with the secrets taken out, however they are spelled.

    >>> redact("pwd d6aa4424, again D6 AA 44 24", ["D6AA4424"])
    'pwd ********, again ********'
    """
    for secret in filter(None, secrets):
        pairs = [secret[i : i + 2] for i in range(0, len(secret), 2)]
        for separator in ("", " ", ":", "-", ", "):
            for spelling in (str.upper, str.lower):
                written = separator.join(spelling(pair) for pair in pairs)
                text = text.replace(written, "********")
    return text
