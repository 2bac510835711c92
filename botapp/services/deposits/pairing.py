"""Pair the names and amounts found in a message. A deposit that the message reports twice counts once. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from botapp.store.domain import money
from botapp.store.domain.identity import normalize_key
from botapp.store.domain.money import Denomination, InvalidAmount

#: maximum number of deposits in one message
MAX_PAIRS: Final = 50


class NameAndAmount(NamedTuple):
    """A handle and an amount, as written in a text."""

    handle: str
    amount: str


class Match(NamedTuple):
    """A handle or an amount that a pattern has found."""

    #: which part of the message: 0 is its content; each embed has two more, its words and its fields
    part: int
    #: where it begins in the whole text
    position: int
    text: str


#: deposits in some parts of a message; None if they are ambiguous
Pairs = list[NameAndAmount] | None


def pair(handles: Sequence[Match], amounts: Sequence[Match], units: Sequence[Denomination]) -> Pairs:
    """Return the deposits of a message; None if they are ambiguous.

    Unambiguous means: each handle has its own amount, and all handles come before their amounts, or all after.
    What the content says and an embed repeats, or the words of an embed and its fields, is one deposit.
    """

    def within(first: int, last: int) -> Pairs:
        return _pair_in_order(*([one for one in found if first <= one.part <= last] for found in (handles, amounts)))

    last = max((one.part for one in (*handles, *amounts)), default=0)
    embeds: Pairs = []
    for at in range(1, last + 1, 2):
        pairs = _merge(within(at, at), within(at + 1, at + 1), within(at, at + 1), units)
        embeds = None if embeds is None or pairs is None else embeds + pairs
    if embeds is None:
        embeds = _without_repetition(within(1, last), units)
    result = _merge(within(0, 0), embeds, within(0, last), units)
    return result if result is not None and len(result) <= MAX_PAIRS else None


def read_amount(text: str, units: Sequence[Denomination]) -> int | None:
    """Return an amount in base units; None if it is not one."""
    try:
        return money.parse_amount(text, units)
    except InvalidAmount:
        return None


def _pair_in_order(handles: Sequence[Match], amounts: Sequence[Match]) -> Pairs:
    if len(handles) != len(amounts):
        return None
    positions = [(handle.position, amount.position) for handle, amount in zip(handles, amounts, strict=True)]
    is_ordered = all(max(before) < min(following) for before, following in itertools.pairwise(positions))
    if not is_ordered or len({handle < amount for handle, amount in positions}) > 1:
        return None
    return [NameAndAmount(handle.text, amount.text) for handle, amount in zip(handles, amounts, strict=True)]


def _merge(one: Pairs, other: Pairs, both: Pairs, units: Sequence[Denomination]) -> Pairs:
    """Return the deposits of two parts, each once; `both` are those found if the two are read as one text."""
    if one is None or other is None:
        return _without_repetition(both, units)
    if not one or not other or _counts(one, units) == _counts(other, units):
        return one or other
    # a second report about the same member that says something else
    if {normalize_key(pair.handle) for pair in one} & {normalize_key(pair.handle) for pair in other}:
        return None
    return one + other


def _without_repetition(pairs: Pairs, units: Sequence[Denomination]) -> Pairs:
    """Return the deposits of a text whose parts are incomplete; a repeated one is ambiguous there."""
    return pairs if pairs is not None and len(_counts(pairs, units)) == len(pairs) else None


def _counts(pairs: Sequence[NameAndAmount], units: Sequence[Denomination]) -> Counter[tuple[str, int | str]]:
    def worth(pair: NameAndAmount) -> int | str:
        amount = read_amount(pair.amount, units)
        return normalize_key(pair.amount) if amount is None else amount

    return Counter((normalize_key(pair.handle), worth(pair)) for pair in pairs)
