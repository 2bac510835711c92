"""For any text: a deposit adds money once, and a balance stays between zero and its maximum."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from botapp.config.settings import Deposits
from botapp.services.deposits.parsing import (
    EmbedText,
    MessageText,
    ParsedReport,
    Patterns,
    extract_claims,
    message_text,
)
from botapp.store.db.tables import metadata
from botapp.store.domain.money import MAX_AMOUNT, Denomination
from botapp.store.usecases import accounts, deposits

UNITS = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))
PATTERNS = Patterns(Deposits().member_name_pattern, Deposits().amount_pattern)

#: words similar to those of deposits, mixed with any others
words = st.one_of(
    st.sampled_from(["GrowID:", "Deposit:", "budi", "sari", "-", "0", "WL", "Diamond Lock", ",", "\n", "**", "9" * 30]),
    st.integers(-(10**20), 10**20).map(str),
    st.text(max_size=20),
)
texts = st.lists(words, max_size=30).map(" ".join)
claims = st.builds(
    deposits.DepositClaim,
    st.sampled_from(["a", "b", "c", "d"]),
    st.one_of(st.sampled_from(["budi", "BUDI", "sari"]), st.text(max_size=100)),
    st.one_of(st.none(), st.integers(-(2**70), 2**70), st.integers(1, 500)),
    st.sampled_from(["", "", "forged"]),
)


def shop() -> Connection:
    """Return a connection to a new shop in memory with two members."""
    connection = create_engine("sqlite://").connect()
    metadata.create_all(connection)
    for number, handle in enumerate(("budi", "sari")):
        accounts.register(connection, number, handle, 0)
    return connection


messages = st.builds(MessageText, texts, st.lists(st.builds(EmbedText, texts, texts), max_size=3).map(tuple))


@given(messages, st.sampled_from([None, 7, 8]))
def test_any_text_can_be_parsed(text: MessageText, webhook_id: int | None) -> None:
    for claim in extract_claims(ParsedReport(1, webhook_id, text), PATTERNS, {7}, UNITS):
        assert claim.amount is None or 0 <= claim.amount <= MAX_AMOUNT
        assert claim.refusal or webhook_id == 7


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_embed_can_be_parsed(value: object) -> None:
    embed = {"title": value, "description": value, "fields": [{"name": value, "value": value}, {}]}
    assert isinstance(message_text("", [embed]), MessageText)


@given(st.lists(claims, max_size=12))
def test_balance_equals_the_deposits_booked_once_per_key(given_claims: list[deposits.DepositClaim]) -> None:
    with shop() as connection:
        taken = [
            one for claim in given_claims for one in deposits.record_claims(connection, [claim], source="x", now_ms=1)
        ]
        listed = deposits.list_latest(connection, 100)
        assert len(listed) == len({one.key for one in listed}) == len({claim.key for claim in given_claims})
        assert [one.deposit for one in reversed(taken)] == listed
        booked = [one.amount for one in listed if not one.refusal]
        assert all(amount is not None and 0 < amount <= MAX_AMOUNT for amount in booked)
        balances = [accounts.get_by_handle(connection, handle).balance for handle in ("budi", "sari")]
        assert sum(balances) == sum(amount for amount in booked if amount is not None)


@given(claims, claims)
def test_repeated_key_returns_the_first_result(one: deposits.DepositClaim, other: deposits.DepositClaim) -> None:
    with shop() as connection:
        first = deposits.record_once(connection, one, source="x", now_ms=1)
        again = deposits.record_once(connection, one, source="x", now_ms=2)
        assert (again.deposit, again.is_repeat) == (first.deposit, True)
        assert deposits.is_same_claim(again.deposit, one)
        if other.amount in range(1, 501) and other.amount != one.amount:
            assert not deposits.is_same_claim(first.deposit, other)
