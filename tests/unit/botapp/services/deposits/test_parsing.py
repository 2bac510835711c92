"""Extract deposits from messages."""

from __future__ import annotations

import pytest

from botapp.config.settings import Deposits
from botapp.services.deposits.parsing import (
    NameAndAmount,
    ParsedReport,
    Patterns,
    TooSlow,
    extract_claims,
    message_text,
)
from botapp.store.domain.money import Denomination
from botapp.store.usecases.deposits import DepositClaim

UNITS = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))
PATTERNS = Patterns(Deposits().member_name_pattern, Deposits().amount_pattern)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (
            "GrowID: Budi\nDeposit: 1 World Lock, 2 Diamond Lock",
            [NameAndAmount("Budi", "1 World Lock, 2 Diamond Lock")],
        ),
        ("**GrowID:** `Budi`\n**Deposit:** 5 WL", [NameAndAmount("Budi", "5 WL")]),
        ("Deposit: 5 WL\nGrowID: Budi", [NameAndAmount("Budi", "5 WL")]),
        ("GrowID: a_b\nDeposit: 1\n\nGrowID: c.d\nDeposit: 2", [NameAndAmount("a_b", "1"), NameAndAmount("c.d", "2")]),
        ("Deposit: 1\nGrowID: one\nDeposit: 2\nGrowID: two", [NameAndAmount("one", "1"), NameAndAmount("two", "2")]),
    ],
)
def test_deposits_are_found(text: str, pairs: list[NameAndAmount]) -> None:
    assert PATTERNS.find_pairs(text) == pairs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "GrowID: Budi",
        "Deposit: 5 WL",
        # ambiguous
        "GrowID: one\nGrowID: two\nDeposit: 1",
        "GrowID: one\nGrowID: two\nDeposit: 1\nDeposit: 2",
        "GrowID: one\nDeposit: 1\nDeposit: 2\nGrowID: two",
        "GrowID: one\nDeposit: 1\n" * 51,
    ],
)
def test_ambiguous_text_has_no_deposits(text: str) -> None:
    assert PATTERNS.find_pairs(text) is None


def test_embeds_are_read_line_by_line() -> None:
    fields = [{"name": "GrowID", "value": "Budi"}, {"name": "Deposit:", "value": "5 WL"}]
    embeds = [{"title": "Donation", "description": "Thanks!", "fields": fields}]
    assert message_text("", embeds) == "Donation\nThanks!\nGrowID: Budi\nDeposit: 5 WL"


def test_slow_pattern_is_stopped() -> None:
    patterns = Patterns(r"(?P<handle>(?:a|aa)+)$", r"(?P<amount>b)", timeout_s=0.05)
    with pytest.raises(TooSlow):
        patterns.find_pairs("a" * 60 + "!")
    said = ParsedReport(5, 7, "a" * 60 + "!")
    assert [one.refusal for one in extract_claims(said, patterns, {7}, UNITS)] == ["unreadable"]


@pytest.mark.parametrize(("handle", "amount"), [("(", "(?P<amount>x)"), ("x", "(?P<amount>x)"), ("(?P<handle>x)", "x")])
def test_invalid_pattern_is_refused(handle: str, amount: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Patterns(handle, amount)


@pytest.mark.parametrize(
    ("webhook_id", "text", "claims"),
    [
        (7, "GrowID: Budi\nDeposit: 2 DL", [DepositClaim("message:5:0", "Budi", 200, "")]),
        (7, "GrowID: Budi\nDeposit: -2 DL", [DepositClaim("message:5:0", "Budi", None, "")]),
        (7, "hello", [DepositClaim("message:5:0", "", None, "unreadable")]),
        (8, "GrowID: Budi\nDeposit: 2 DL", [DepositClaim("message:5:0", "Budi", 200, "forged")]),
        (None, "GrowID: Budi\nDeposit: 2 DL", [DepositClaim("message:5:0", "Budi", 200, "forged")]),
        (None, "hello", []),
        (8, "hello", []),
    ],
)
def test_only_allowed_webhooks_are_trusted(webhook_id: int | None, text: str, claims: list[DepositClaim]) -> None:
    assert extract_claims(ParsedReport(5, webhook_id, text), PATTERNS, {7}, UNITS) == claims
