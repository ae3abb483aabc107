"""The environment, read one variable at a time: what is wrong is gathered, to be told all at once."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from telefonistka_py import variables

_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})


class _Asked(Mapping[str, str]):
    """An environment that remembers which variables it was asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


class Environment:
    """Reads variables one by one and remembers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._given = environ
        self._environ = _Asked(environ)
        self.mistakes: list[str] = []
        self.notices: list[str] = []

    def get(self, name: str) -> str:
        """The variable without surrounding white space; empty when it isn't set."""
        return self._environ.get(name, "").strip()

    def mistake(self, sentence: str) -> None:
        self.mistakes.append(sentence)

    def flag(self, name: str) -> bool:
        value = self.get(name).lower()
        if value and value not in _TRUE | _FALSE:
            self.mistake(f"{name} is {value!r}: set it to true or false.")
        return value in _TRUE

    def one_of(self, name: str, default: str, choices: tuple[str, ...], others: Mapping[str, str] | None = None) -> str:
        """`others` are words that are taken for one of the `choices`."""
        value = self.get(name).lower() or default
        value = (others or {}).get(value, value)
        if value not in choices:
            self.mistake(f"{name} is {value!r}: set it to one of {', '.join(choices)}.")
        return value

    def number(self, name: str, default: float, *, least: float, most: float, whole: bool = False) -> float:
        text = self.get(name)
        if not text:
            return default
        if re.fullmatch(r"[0-9]{1,12}" if whole else r"[0-9]{1,12}(\.[0-9]+)?", text) and least <= float(text) <= most:
            return float(text)
        kind = "a whole number" if whole else "a number"
        self.mistake(f"{name} is {text!r}: set it to {kind} from {least:.15g} to {most:.15g}.")
        return default

    def look_for_unknown(self) -> None:
        """After all others were asked for: those that nothing reads, and that look like ours."""
        for each in variables.unknown(self._given, self._environ.names):
            if each.may_open_a_door:
                self.mistake(f"{each.said} As it is, pushes might be sent to any host, so that nothing is started.")
            else:
                self.notices.append(f"{each.said} It is ignored.")

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks in CIDR notation, separated by commas."""
        found: list[IPv4Network | IPv6Network] = []
        for text in filter(None, (part.strip() for part in self.get(name).split(","))):
            try:
                found.append(ip_network(text, strict=False))
            except ValueError:
                self.mistake(f"{name} holds {text!r}: list networks such as 10.0.0.0/8, separated by commas.")
        return tuple(found)
