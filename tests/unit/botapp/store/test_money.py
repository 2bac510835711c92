"""Amounts as people type them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botapp.store.domain.money import (
    MAX_AMOUNT,
    AmountTooLarge,
    Denomination,
    InvalidAmount,
    UnclearAmount,
    find_invalid_unit,
    format_in_denominations,
    parse_amount,
)
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
        ("1.500", 1500),
        ("1,500", 1500),
        ("1.234.567 DL", 123_456_700),
        ("1,234,567", 1_234_567),
        ("1\u200b DL", 100),
        ("150\n", 150),
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
        # a fraction with three decimals is not thousands
        "0.500 DL",
        "0,500 DL",
        "0,075",
        "0.075",
        "00.500",
        "01.500",
        "1 DL 0.500 WL",
        # with both separators, one of them is a decimal point
        "1,234.567",
        "1.234,567",
        "1,234.567 DL",
        "1.500 DL, 1,500 WL",
    ],
)
def test_invalid_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(text, UNITS)


@pytest.mark.parametrize("text", [f"{MAX_AMOUNT + 1}", f"{MAX_AMOUNT} DL", "1 WL, " + "9" * 40 + " DL"])
def test_amount_above_the_limit_is_called_that(text: str) -> None:
    with pytest.raises(AmountTooLarge):
        parse_amount(text, UNITS)
    price, *rest = text.split(maxsplit=1)
    with pytest.raises(AmountTooLarge):
        split_price(price, f"{''.join(rest)} a key", UNITS)


@pytest.mark.parametrize("order", [1, -1])
def test_invented_plural_never_shadows_a_unit(order: int) -> None:
    units = (Denomination("Wood", "W", 1), Denomination("World Set", "WS", 1000), Denomination("Bas", "Ba", 7))[::order]
    assert parse_amount("2 WS", units) == 2000
    assert parse_amount("2 Woods 1 Ws", units) == 1002
    assert parse_amount("1 Bas", units) == 7


def test_units_are_compared_like_names() -> None:
    assert parse_amount("1 \uff24\uff2c", UNITS) == 100
    assert find_invalid_unit((*UNITS, Denomination("D\u200bL", "X", 5))) == "D\u200bL"
    assert find_invalid_unit((*UNITS, Denomination("\u3164", "X", 5))) == "\u3164"


@given(st.from_regex(r"[0-9]{1,4}([.,][0-9]{1,4}){0,3}", fullmatch=True))
def test_number_is_read_as_it_is_written_or_refused(text: str) -> None:
    """Thousands have three digits after each separator, which is the same throughout, and no leading zero."""
    groups = re.split(r"[.,]", text)
    is_grouped = all(len(group) == 3 for group in groups[1:]) and len(set(re.findall(r"[.,]", text))) == 1
    if len(groups) == 1 or (is_grouped and len(groups[0]) <= 3 and not text.startswith("0")):
        assert parse_amount(text, UNITS) == int("".join(groups))
    else:
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
        ("50", "2.5 GB of storage", (50, "2.5 GB of storage")),
        ("50", '"0.500 DL cheaper"', (50, "0.500 DL cheaper")),
        ("50", "3 WLAN keys", (50, "3 WLAN keys")),
        ("5", 'DL "2 weeks"', (500, "2 weeks")),
        ("5", "DL 2", (502, "")),
        ("5 DL 2", "weeks", (502, "weeks")),
    ],
)
def test_typed_price_includes_the_units_that_follow(price: str, rest: str, expected: tuple[int, str]) -> None:
    assert split_price(price, rest, UNITS) == expected


@pytest.mark.parametrize(
    ("price", "rest"),
    [
        ("1,5", "DL"),
        ("0.500", "DL"),
        # the rest continues the amount wrongly, so it is not a description
        ("1", "DL 0.500 WL"),
        ("1", "DL 50,5 WL a key"),
        ("1", ",5 DL"),
        ("1", ".500"),
        ("1", "+ 0.5 DL"),
        ("1", "DL, 50.5 WL"),
        # is it 5 DL 2 WL, or 2 weeks?
        ("5", "DL 2 weeks"),
        ("5", "DL, 2 weeks"),
    ],
)
def test_invalid_typed_price_is_refused(price: str, rest: str) -> None:
    with pytest.raises(InvalidAmount) as caught:
        split_price(price, rest, UNITS)
    assert isinstance(caught.value, UnclearAmount) is ("," not in price and "." not in price)
