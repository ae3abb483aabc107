"""Quantities in other words."""

from typing import Any

import pytest

from telefonistka_py.argocd import quantities


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1000m", "1"),
        ("1", 1),
        ("0.5", "500m"),
        (0.5, "500m"),
        ("1Gi", "1024Mi"),
        ("1Gi", "1073741824"),
        ("1k", "1000"),
        ("1e3", "1000"),
        ("1E3", "1k"),
        ("2E", "2000P"),
        ("100u", "0.1m"),
        ("1000000n", "1m"),
        ("+1", "1"),
        ("-1", "-1000m"),
        (".5", "0.50"),
        ("1.", "1"),
    ],
)
def test_the_same_amount(one: Any, other: Any) -> None:
    assert quantities.equal(one, other)
    assert quantities.equal(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1G", "1Gi"), ("1m", "1M"), ("1", "1.0001"), ("1", True), ("true", True), ("", "0"), (None, "0"), ("1 ", "1"),
     ("1KB", "1000"), ("0x10", "16"), ("1_000", "1000"), ("١", "1"), ("abc", "abc"), ("1ki", "1Ki")],
)  # fmt: skip
def test_another_amount_or_none(one: Any, other: Any) -> None:
    assert not quantities.equal(one, other)


@pytest.mark.parametrize("text", ["1e999999999", "9" * 10_000, "1." + "0" * 100_000 + "1", "1e-999999999"])
def test_a_number_that_would_fill_the_memory_is_none(text: str) -> None:
    """N27"""
    assert quantities.parse(text) is None
