"""Where nothing is sent, whatever the names are (N29)."""

from ipaddress import ip_address

import pytest

from telefonistka_py.fanout import hosts
from telefonistka_py.fanout.hosts import Allowed

ANY = Allowed()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "169.254.169.254",
        "fe80::1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:42::42",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_special_addresses_are_refused_whatever_names_are_allowed(address: str) -> None:
    for allowed in (ANY, hosts.parse("*.example.com"), hosts.parse("argocd.example.com, 10.0.0.0/8")):
        assert hosts.address_refused(allowed, "argocd.example.com", ip_address(address))
    assert hosts.name_refused(ANY, address)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "192.168.0.1", "172.16.0.9", "93.184.216.34", "2001:db8::1", "fd00::1"]
)
def test_addresses_of_the_house_and_of_the_world_are_not(address: str) -> None:
    assert hosts.address_refused(ANY, "argocd.example.com", ip_address(address)) is None


def test_a_special_address_is_allowed_when_it_is_listed_itself() -> None:
    allowed = hosts.parse("127.0.0.0/8, [::1]")
    assert hosts.address_refused(allowed, "localhost", ip_address("127.0.0.1")) is None
    assert hosts.address_refused(allowed, "localhost", ip_address("::ffff:127.0.0.1")) is None
    assert hosts.name_refused(allowed, "::1") is None
    assert hosts.address_refused(allowed, "localhost", ip_address("169.254.169.254"))


def test_with_a_list_only_its_hosts_are_allowed() -> None:
    allowed = hosts.parse(" argocd.example.com , *.corp.example ")
    for host, fine in {
        "argocd.example.com": True,
        "ARGOCD.example.com": True,
        "a.corp.example": True,
        "a.b.corp.example": True,
        "corp.example": False,
        "evilcorp.example": False,
        "argocd.example.com.evil.com": False,
        "other.example.com": False,
        "10.1.2.3": False,
    }.items():
        assert (hosts.name_refused(allowed, host) is None) == fine, host
        address = ip_address("10.1.2.3")
        assert (hosts.address_refused(allowed, host, address) is None) == fine, host


def test_a_listed_network_allows_names_that_lie_in_it() -> None:
    allowed = hosts.parse("10.0.0.0/8")
    assert hosts.name_refused(allowed, "argocd.example.com") is None
    assert hosts.address_refused(allowed, "argocd.example.com", ip_address("10.1.2.3")) is None
    assert hosts.address_refused(allowed, "argocd.example.com", ip_address("93.184.216.34"))


@pytest.mark.parametrize("text", ["https://e.com", "e.com:80", "a b", "*", "*.*.com", "10.0.0.300", "-a.com"])
def test_what_is_no_host_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"^" + text.replace("*", r"\*").replace(".", r"\.") + "$"):
        hosts.parse(f"fine.com, {text}")


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "api.localhost"])
def test_localhost_is_loopback_without_a_look_up(name: str) -> None:
    """So that `telefonistka fanout test`, which looks nothing up, says what the server does."""
    assert "is a loopback address" in str(hosts.name_refused(ANY, name))
    assert hosts.name_refused(hosts.parse("127.0.0.0/8"), name) is None
    assert hosts.name_refused(hosts.parse("::1"), name) is None
    assert hosts.name_refused(ANY, f"{name}.example.com") is None
