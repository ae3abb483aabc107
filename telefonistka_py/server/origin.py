"""Who sends us a webhook, and whether that is GitHub: an optional check beside the signature, never instead of it."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks in CIDR notation, such as `192.30.252.0/22`; a plain address is a network of one.

    Raises `ValueError` for what is neither.
    """
    return tuple(ip_network(text.strip(), strict=False) for text in texts)


def sender(peer: str | None, forwarded_for: Sequence[str], proxies: Sequence[Network]) -> Address | None:
    """The address that a request comes from; None when it can't be told.

    `peer` is who connected to us. Of `X-Forwarded-For`, which anyone can write, only what our own `proxies` added
    counts: from the right, the first address that is none of theirs.
    """
    chain = [part.strip() for line in forwarded_for for part in line.split(",")]
    for text in [peer or "", *reversed(chain)]:
        address = _address(text)
        if address is None or not is_in(address, proxies):
            return address
    return None


def is_in(address: Address, among: Iterable[Network]) -> bool:
    """Whether `address` lies in one of the networks."""
    return any(address in network for network in among)


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.strip("[]"))
    except ValueError:
        return None
    # What came in over a socket for both families is an IPv4 address in disguise.
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
