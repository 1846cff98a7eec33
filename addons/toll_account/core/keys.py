"""Keys of devices: a public part that finds the device, and a secret part.

The secret is 256 random bits, so one round of SHA-256 hides it well enough; a slow hash
protects short passwords, not these.
"""

import hashlib
import hmac
import re

SELECTOR_BYTES = 6
SECRET_BYTES = 32
_KEY = re.compile(r"(?P<selector>[0-9a-f]{12})-(?P<secret>[0-9a-f]{64})")


def join_key(selector, secret):
    """The key as people copy it.

    >>> join_key(b"\\x01" * 6, b"\\x02" * 32)[:16]
    '010101010101-020'
    """
    return f"{selector.hex()}-{secret.hex()}"


def split_key(key):
    """(selector, digest of the whole key), or None when it is no key.

    >>> split_key("010101010101-" + "02" * 32)[0]
    '010101010101'
    >>> split_key("hello") is None
    True
    """
    match = _KEY.fullmatch(key or "")
    return (match["selector"], digest(key)) if match else None


def digest(key):
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def same(left, right):
    """Compare two digests in constant time; nothing equals an empty one.

    >>> same("ab", "ab"), same("ab", "ac"), same("", "")
    (True, False, False)
    """
    return bool(left and right) and hmac.compare_digest(left, right)
