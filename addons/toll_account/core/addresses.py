"""Whom an internet address stands for, as far as limits go."""

from ipaddress import IPv6Address, ip_address, ip_network

#: a provider gives every connection at least this much of IPv6
IPV6_PREFIX = 64


def address_group(text: str | None) -> str:
    """Return the address, or the network that one IPv6 connection may choose from.

    >>> address_group("192.0.2.7"), address_group("::ffff:192.0.2.7")
    ('192.0.2.7', '192.0.2.7')
    >>> address_group("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::/64'
    >>> address_group("2001:db8:1:2::9%eth0") == address_group("2001:db8:1:2:ffff::")
    True
    >>> address_group("nonsense"), address_group(None)
    ('unknown', 'unknown')
    """
    try:
        address = ip_address((text or "").partition("%")[0].strip())
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), IPV6_PREFIX), strict=False))
