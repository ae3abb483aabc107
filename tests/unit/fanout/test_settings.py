"""What the operator and the configuration set for fan-out."""

from datetime import timedelta
from ipaddress import ip_network

import pytest

from telefonistka_py import settings
from telefonistka_py.config import model, read
from telefonistka_py.config.problem import Invalid, Valid
from telefonistka_py.errors import OperatorMistake
from telefonistka_py.fanout.hosts import Allowed
from telefonistka_py.fanout.model import Limits
from tests import builders


def limits(**variables: str) -> Limits:
    return settings.read(variables, webhook=False, github=False).fanout


def test_without_variables_the_limits_are_the_documented_ones() -> None:
    assert limits() == Limits()


def test_every_limit_can_be_set() -> None:
    names = "TIMEOUT_SECONDS CONNECT_SECONDS FIRST_WAIT_SECONDS LONGEST_WAIT_SECONDS GIVE_UP_HOURS PAUSE_AFTER_HOURS"
    numbers = [*names.split(), "PER_HOST", "SLOTS"]
    found = limits(
        **{f"TELEFONISTKA_FANOUT_{name}": str(at) for at, name in enumerate(numbers, 1)},
        FANOUT_ALLOWED_HOSTS="*.corp.example, 10.0.0.0/8",
    )
    assert found == Limits(
        timeout=timedelta(seconds=1),
        connect=timedelta(seconds=2),
        first_wait=timedelta(seconds=3),
        longest_wait=timedelta(seconds=4),
        give_up_after=timedelta(hours=5),
        pause_after=timedelta(hours=6),
        per_host=7,
        slots=8,
        allowed=Allowed(("*.corp.example",), (ip_network("10.0.0.0/8"),)),
    )


def test_a_limit_that_is_none_is_a_mistake_that_says_so() -> None:
    with pytest.raises(OperatorMistake, match="TELEFONISTKA_FANOUT_PER_HOST is '0': set it to a whole number from 1"):
        limits(TELEFONISTKA_FANOUT_PER_HOST="0")


@pytest.mark.parametrize(("text", "seconds"), [("2s", 2), ("300ms", 0.3), ("1m", 60), ("0s", 0)])
def test_a_spread_is_a_span_of_time(text: str, seconds: float) -> None:
    found = read.root(f"webhookSpread: {text}\n".encode())
    assert isinstance(found, Valid)
    assert found.value.webhook_spread == text
    assert model.spread(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["2", "2h", "61s", "-1s", "99999999s", "two"])
def test_what_is_no_spread_is_a_mistake_with_its_place(text: str) -> None:
    found = read.root(f"webhookSpread: '{text}'\n".encode())
    assert isinstance(found, Invalid)
    [problem] = found.problems
    assert (problem.key, problem.line) == ("webhookSpread", 1)


@pytest.mark.parametrize("key", ["whProxtSkipTLSVerifyUpstream", "webhookProxySkipTLSVerifyUpstream"])
def test_both_spellings_leave_certificates_unchecked(key: str) -> None:
    assert builders.config(**{key: True}).skip_tls
    assert not builders.config(**{key: False}).skip_tls
