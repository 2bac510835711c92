"""Extract deposits from messages."""

from __future__ import annotations

import pytest

from botapp.config.settings import Deposits
from botapp.services.deposits.pairing import NameAndAmount
from botapp.services.deposits.parsing import (
    EmbedText,
    MessageText,
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
    assert PATTERNS.find_pairs(MessageText(text), UNITS) == pairs


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
    assert not PATTERNS.find_pairs(MessageText(text), UNITS)


def test_embeds_are_read_line_by_line() -> None:
    fields = [{"name": "GrowID", "value": "Budi"}, {"name": "Deposit:", "value": "5 WL"}]
    embeds = [{"title": "Donation", "description": "Thanks!", "fields": fields}]
    read = EmbedText("Donation\nThanks!", "GrowID: Budi\nDeposit: 5 WL")
    assert message_text("", embeds) == MessageText("", (read,))
    assert PATTERNS.find_pairs(message_text("", embeds), UNITS) == [NameAndAmount("Budi", "5 WL")]


BUDI = "GrowID: Budi\nDeposit: 1 DL"
SARI = "GrowID: Sari\nDeposit: 2"


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        # the same report in two parts of a message
        (MessageText(BUDI, (EmbedText(BUDI),)), ["1 DL"]),
        (MessageText(BUDI, (EmbedText("", "GrowID: budi\nDeposit: 100"),)), ["1 DL"]),
        (MessageText("", (EmbedText(BUDI, BUDI),)), ["1 DL"]),
        (MessageText(BUDI, (EmbedText(BUDI, BUDI),)), ["1 DL"]),
        (MessageText(f"{BUDI}\n{SARI}", (EmbedText(SARI), EmbedText("", BUDI))), ["1 DL", "2"]),
        (MessageText("GrowID: Budi\nDeposit: x", (EmbedText("GrowID: Budi\nDeposit: x"),)), ["x"]),
        # different reports
        (MessageText(BUDI, (EmbedText(SARI),)), ["1 DL", "2"]),
        (MessageText("", (EmbedText(BUDI), EmbedText("", SARI))), ["1 DL", "2"]),
        # one of the parts alone says it, or the parts together
        (MessageText("New donation!", (EmbedText("Thanks", BUDI),)), ["1 DL"]),
        (MessageText("GrowID: Budi", (EmbedText("Deposit: 5"),)), ["5"]),
        (MessageText("", (EmbedText("GrowID: Budi", "Deposit: 5"),)), ["5"]),
        # two deposits of the same amount, each in an embed of its own
        (MessageText("", (EmbedText(BUDI), EmbedText(BUDI))), ["1 DL", "1 DL"]),
    ],
)
def test_report_repeated_in_a_message_counts_once(text: MessageText, amounts: list[str]) -> None:
    assert [pair.amount for pair in PATTERNS.find_pairs(text, UNITS) or []] == amounts


@pytest.mark.parametrize(
    "text",
    [
        MessageText(BUDI, (EmbedText("GrowID: Budi\nDeposit: 2 DL"),)),
        MessageText(f"{BUDI}\n{BUDI}", (EmbedText(BUDI),)),
        MessageText(BUDI, (EmbedText("GrowID: Budi", "Deposit: 1 DL\nDeposit: 1 DL"),)),
        MessageText(BUDI, (EmbedText("Deposit: 1 DL"),)),
        MessageText("GrowID: Budi", (EmbedText("Deposit: 5"), EmbedText("GrowID: Budi\nDeposit: 5"))),
    ],
)
def test_parts_that_contradict_each_other_are_ambiguous(text: MessageText) -> None:
    assert PATTERNS.find_pairs(text, UNITS) is None


@pytest.mark.parametrize(
    ("amount", "worth"), [("**5** WL", 5), ("~~`5`~~ WL", 5), ("1|500", None), ("**5**00", None), ("0.500 DL", None)]
)
def test_marks_never_join_numbers(amount: str, worth: int | None) -> None:
    report = ParsedReport(5, 7, MessageText(f"GrowID: Budi\nDeposit: {amount}"))
    assert extract_claims(report, PATTERNS, {7}, UNITS) == [DepositClaim("message:5:0", "Budi", worth, "")]


def test_slow_pattern_is_stopped() -> None:
    patterns = Patterns(r"(?P<handle>(?:a|aa)+)$", r"(?P<amount>b)", timeout_s=0.05)
    with pytest.raises(TooSlow):
        patterns.find_pairs(MessageText("a" * 60 + "!"), UNITS)
    said = ParsedReport(5, 7, MessageText("a" * 60 + "!"))
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
    assert extract_claims(ParsedReport(5, webhook_id, MessageText(text)), PATTERNS, {7}, UNITS) == claims
