"""What a message says about deposits: which handle, which amount, and whether to believe it.

Patterns come from the configuration, texts from anywhere: both are bounded, and so is the time one may take with the
other.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import regex
from msgspec import Struct

from botapp.locale import _
from botapp.store.domain import money
from botapp.store.domain.money import Denomination, InvalidAmount
from botapp.store.usecases.deposits import DepositClaim

log = logging.getLogger(__name__)

#: longest text that is looked at, in characters; what Discord takes in a message with embeds is shorter
MAX_TEXT_CHARS: Final = 10_000
#: deposits that one message may report
MAX_PAIRS: Final = 50
#: computing time that a pattern may take with one text, in seconds
TIMEOUT_S: Final = 1.0

#: what writes bold, code, spoilers; no handle has any of it
_MARKS: Final = str.maketrans("", "", "*`~|\0")


class TooSlow(Exception):
    """A pattern takes too long with a text; it has to be written differently."""


class NameAndAmount(NamedTuple):
    """A handle and an amount, as they stand in a text."""

    handle: str
    amount: str


class ParsedReport(Struct, frozen=True):
    """A message, as far as it counts here."""

    message_id: int
    #: None: a member or a bot has written it
    webhook_id: int | None
    text: str


class Patterns:
    """The two patterns of the configuration, ready for use."""

    def __init__(self, handle: str, amount: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Raises ValueError when one is no regular expression, or lacks its group."""
        self._handle = _compile(handle, "handle")
        self._amount = _compile(amount, "amount")
        self._timeout_s = timeout_s

    def pairs(self, text: str) -> list[NameAndAmount] | None:
        """Return the deposits that `text` reports; None when it says nothing of the kind, or not clearly.

        Clearly: each handle with an amount of its own, all handles before their amounts, or all after them.
        Other threads go on meanwhile. Raises TooSlow.
        """
        text = text[:MAX_TEXT_CHARS].translate(_MARKS)
        handles, amounts = self._found(self._handle, "handle", text), self._found(self._amount, "amount", text)
        if not 0 < len(handles) == len(amounts) <= MAX_PAIRS:
            return None
        places = [(one[0], other[0]) for one, other in zip(handles, amounts, strict=True)]
        in_turn = all(max(one) < min(other) for one, other in itertools.pairwise(places))
        if not in_turn or len({handle < amount for handle, amount in places}) != 1:
            return None
        return [NameAndAmount(handle, amount) for (_, handle), (_, amount) in zip(handles, amounts, strict=True)]

    def _found(self, pattern: regex.Pattern[str], group: str, text: str) -> list[tuple[int, str]]:
        """Return where each match stands, and what is in its group."""
        try:
            matches = pattern.finditer(text, timeout=self._timeout_s, concurrent=True)
            return [
                (match.start(), (match[group] or "").strip())
                for match, _ in zip(matches, range(MAX_PAIRS + 1), strict=False)
            ]
        except TimeoutError as error:
            raise TooSlow(pattern.pattern) from error


def message_text(content: str, embeds: Iterable[Mapping[str, Any]]) -> str:
    """Return all that a message says, line by line; a field of an embed is the line "name: value"."""
    lines = [content]
    for embed in embeds:
        lines += [str(embed.get("title") or ""), str(embed.get("description") or "")]
        for field in embed.get("fields") or ():
            lines.append(f"{str(field.get('name') or '').strip().rstrip(':')}: {field.get('value') or ''}")
    return "\n".join(line for line in lines if line)


def extract_claims(
    said: ParsedReport, patterns: Patterns, webhook_ids: Collection[int], units: Sequence[Denomination]
) -> list[DepositClaim]:
    """Return what a message comes to, one claim for each deposit in it; of talk nothing is claimed.

    Somebody else's message that reads like a deposit is forged; one of an allowed webhook that cannot be read is
    refused as well, for its money would be missed otherwise.
    """
    trusted = said.webhook_id in webhook_ids
    try:
        pairs = patterns.pairs(said.text)
    except TooSlow as error:
        log.error(_("a pattern of [store.deposits] takes too long with a message; write it differently: %s"), error)
        pairs = None
    if not pairs:
        return [DepositClaim(deposit_key(said.message_id, 0), "", None, "unreadable")] if trusted else []
    if not trusted:
        return [DepositClaim(deposit_key(said.message_id, 0), pairs[0].handle, _amount(pairs[0], units), "forged")]
    return [
        DepositClaim(deposit_key(said.message_id, number), pair.handle, _amount(pair, units), "")
        for number, pair in enumerate(pairs)
    ]


def deposit_key(message_id: int, number: int) -> str:
    """Return what names a deposit: the message, and the how-manieth in it it is, from 0."""
    return f"message:{message_id}:{number}"


def _amount(pair: NameAndAmount, units: Sequence[Denomination]) -> int | None:
    try:
        return money.parse_amount(pair.amount, units)
    except InvalidAmount:
        return None


def _compile(pattern: str, group: str) -> regex.Pattern[str]:
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise ValueError(str(error)) from error
    if group not in compiled.groupindex:
        raise ValueError(group)
    return compiled
