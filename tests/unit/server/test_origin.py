"""Whose webhook it is, behind proxies or not."""

from ipaddress import ip_address

import pytest

from telefonistka_py.server import origin

PROXIES = origin.networks(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.1.2.3", ["198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", ["203.0.113.9", "198.51.100.7, 10.9.9.9"], "198.51.100.7"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:192.0.2.1", [], "192.0.2.1"),
        ("10.1.2.3", [], None),
        ("10.1.2.3", ["unknown"], None),
        (None, [], None),
    ],
    ids=[
        "no proxy",
        "anyone can write the header",
        "our proxy",
        "what the sender wrote before it does not count",
        "two proxies, two headers",
        "IPv6",
        "IPv4 in disguise",
        "the proxy itself",
        "the proxy does not know",
        "nobody",
    ],
)
def test_the_sender_is_the_last_that_our_proxies_vouch_for(
    peer: str | None, forwarded: list[str], sender: str | None
) -> None:
    assert origin.sender(peer, forwarded, PROXIES) == (ip_address(sender) if sender else None)
