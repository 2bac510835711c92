"""Amounts as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botapp.store.domain.money import MAX_AMOUNT, Denomination, InvalidAmount, format_in_denominations, parse_amount
from botapp.ui.admin.parsing import split_price

UNITS = (
    Denomination("World Lock", "WL", 1),
    Denomination("Diamond Lock", "DL", 100),
    Denomination("Blue Gem Lock", "BGL", 10_000),
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("150", 150),
        ("1 DL 50 WL", 150),
        ("1 World Lock, 2 Diamond Locks", 201),
        ("1.000", 1000),
        ("1,000 DL", 100_000),
        ("2 DL,5 WL", 205),
        ("100 + 50", 150),
        ("0", 0),
    ],
)
def test_amounts(text: str, amount: int) -> None:
    assert parse_amount(text, UNITS) == amount


@pytest.mark.parametrize(
    "text",
    # "1,5" could be a fraction or a list: money must not depend on the interpretation
    [
        "1,5",
        "1,5 DL",
        "1.5 DL",
        "1,00 DL",
        "2,50",
        "1.000,5",
        "1,2,3",
        "1, 5",
        "",
        "-5",
        "DL",
        "1 XY",
        "٥ DL",
        "1 DL 5 x",
    ],
)
def test_invalid_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(text, UNITS)


@given(st.integers(0, MAX_AMOUNT), st.sampled_from([".", ","]))
def test_displayed_amounts_can_be_parsed(amount: int, separator: str) -> None:
    assert parse_amount(format_in_denominations(amount, UNITS, separator), UNITS) == amount


@pytest.mark.parametrize(
    ("price", "rest", "expected"),
    [
        ("50", "", (50, "")),
        ("5", "DL", (500, "")),
        ("5", "DL sent by DM", (500, "sent by DM")),
        ("1", "DL 50 WL", (150, "")),
        ("1", 'DL 50 WL "a code"', (150, "a code")),
        ("120", "2 weeks", (120, "2 weeks")),
        ("1 DL 50 WL", "a key", (150, "a key")),
    ],
)
def test_typed_price_includes_the_units_that_follow(price: str, rest: str, expected: tuple[int, str]) -> None:
    assert split_price(price, rest, UNITS) == expected


def test_invalid_typed_price_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        split_price("1,5", "DL", UNITS)
