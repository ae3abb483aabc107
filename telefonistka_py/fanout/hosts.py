"""Which hosts may be sent to: the operator's list, and what no list of names can allow (N29)."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAME = re.compile(r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")

# Where clouds hand credentials to whoever asks, and nothing else lives; most do so at link-local addresses.
_METADATA = frozenset(
    ip_address(each)
    for each in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure
        "192.0.0.192",  # Oracle Cloud
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS, identities of pods
        "fd20:ce::254",  # Google Cloud
        "fd00:42::42",  # Scaleway
    )
)
_THIS_NETWORK = ip_network("0.0.0.0/8")
_LOOPBACK = (ip_address("127.0.0.1"), ip_address("::1"))
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Allowed:
    """The operator's list. Empty: every host, but for the addresses that are special."""

    names: tuple[str, ...] = ()
    """Lower case; `*.example.com` stands for every host below `example.com`."""
    networks: tuple[Network, ...] = ()


def parse(text: str) -> Allowed:
    """Host names, `*.` patterns, addresses and networks, separated by commas. `ValueError` with a bad one."""
    names, networks = [], []
    for item in (part.strip().lower() for part in text.split(",")):
        if not item:
            continue
        try:
            networks.append(ip_network(item.strip("[]"), strict=False))
        except ValueError:
            if not _NAME.fullmatch(item) or re.fullmatch(r"[0-9.]+|.*\.[0-9]+", item):
                raise ValueError(item) from None
            names.append(item)
    return Allowed(tuple(names), tuple(networks))


def name_refused(allowed: Allowed, host: str) -> str | None:
    """Why nothing is sent to `host` whatever its address is; None when the address decides."""
    address = _literal(host)
    if address is not None:
        return address_refused(allowed, host, address)
    if host.lower().rpartition(".")[2] == "localhost":  # https://www.rfc-editor.org/rfc/rfc6761#section-6.3
        here = [address_refused(allowed, host, address) for address in _LOOPBACK]
        return here[0] if all(here) else None
    if _listed(allowed, host) or allowed.networks or not allowed.names:
        return None
    return f"{host} is not among FANOUT_ALLOWED_HOSTS"


def address_refused(allowed: Allowed, host: str, address: Address) -> str | None:
    """Why nothing is sent to `address`, which `host` stands for; None when it may be."""
    plain = _plain(address)
    if any(each in network for network in allowed.networks for each in {address, plain}):
        return None
    if special := _special(plain):
        return f"{host} is {special} address ({address}), which FANOUT_ALLOWED_HOSTS does not list"
    if (allowed.names or allowed.networks) and not _listed(allowed, host):
        return f"{host} is not among FANOUT_ALLOWED_HOSTS"
    return None


def _listed(allowed: Allowed, host: str) -> bool:
    name = host.lower()
    return any(name == each or (each.startswith("*.") and name.endswith(each[1:])) for each in allowed.names)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one wraps, if it does."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _special(address: Address) -> str | None:
    if address in _METADATA:
        return "a metadata"
    if address.is_loopback:
        return "a loopback"
    if address.is_link_local:
        return "a link-local"
    if address.is_multicast:
        return "a multicast"
    reserved = isinstance(address, IPv4Address) and address.is_reserved
    if address.is_unspecified or address in _THIS_NETWORK or reserved:
        return "a reserved"
    return None
