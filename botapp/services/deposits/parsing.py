"""Extract deposits from a message: member names, amounts, and whether to trust them.

Patterns come from the configuration and texts from anyone, so the length of texts and the time of a match are limited.
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

#: longest text that is searched, in characters; messages with embeds on Discord are shorter
MAX_TEXT_CHARS: Final = 10_000
#: maximum number of deposits in one message
MAX_PAIRS: Final = 50
#: CPU time limit of a pattern on one text, in seconds
TIMEOUT_S: Final = 1.0

#: Markdown of bold, code and spoilers, which no handle contains
_MARKS: Final = str.maketrans("", "", "*`~|\0")


class TooSlow(Exception):
    """A pattern takes too long on a text and must be rewritten."""


class NameAndAmount(NamedTuple):
    """A handle and an amount, as written in a text."""

    handle: str
    amount: str


class ParsedReport(Struct, frozen=True):
    """The parts of a message that matter for deposits."""

    message_id: int
    #: None if a member or a bot wrote the message
    webhook_id: int | None
    text: str


class Patterns:
    """The two compiled patterns of the configuration."""

    def __init__(self, handle: str, amount: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Raises ValueError if one is not a regular expression, or lacks its group."""
        self._handle = _compile(handle, "handle")
        self._amount = _compile(amount, "amount")
        self._timeout_s = timeout_s

    def find_pairs(self, text: str) -> list[NameAndAmount] | None:
        """Return the deposits in `text`; None if there are none or they are ambiguous.

        Unambiguous means: each handle has its own amount, and all handles come before their amounts, or all after.
        Releases the GIL during a match. Raises TooSlow.
        """
        text = text[:MAX_TEXT_CHARS].translate(_MARKS)
        handles, amounts = (
            self._find_groups(self._handle, "handle", text),
            self._find_groups(self._amount, "amount", text),
        )
        if not 0 < len(handles) == len(amounts) <= MAX_PAIRS:
            return None
        positions = [(handle[0], amount[0]) for handle, amount in zip(handles, amounts, strict=True)]
        is_ordered = all(max(pair) < min(following) for pair, following in itertools.pairwise(positions))
        if not is_ordered or len({handle < amount for handle, amount in positions}) != 1:
            return None
        return [NameAndAmount(handle, amount) for (_, handle), (_, amount) in zip(handles, amounts, strict=True)]

    def _find_groups(self, pattern: regex.Pattern[str], group: str, text: str) -> list[tuple[int, str]]:
        """Return the position and the group of each match."""
        try:
            matches = pattern.finditer(text, timeout=self._timeout_s, concurrent=True)
            return [
                (match.start(), (match[group] or "").strip())
                for match, _ in zip(matches, range(MAX_PAIRS + 1), strict=False)
            ]
        except TimeoutError as error:
            raise TooSlow(pattern.pattern) from error


def message_text(content: str, embeds: Iterable[Mapping[str, Any]]) -> str:
    """Return the whole text of a message; a field of an embed becomes the line "name: value"."""
    lines = [content]
    for embed in embeds:
        lines += [str(embed.get("title") or ""), str(embed.get("description") or "")]
        for field in embed.get("fields") or ():
            lines.append(f"{str(field.get('name') or '').strip().rstrip(':')}: {field.get('value') or ''}")
    return "\n".join(line for line in lines if line)


def extract_claims(
    report: ParsedReport, patterns: Patterns, webhook_ids: Collection[int], units: Sequence[Denomination]
) -> list[DepositClaim]:
    """Return one claim per deposit in a message; none for other messages.

    A deposit that was not sent by an allowed webhook is refused as forged. An unreadable message of an allowed webhook
    is refused too, because its money would be missed otherwise.
    """
    trusted = report.webhook_id in webhook_ids
    try:
        pairs = patterns.find_pairs(report.text)
    except TooSlow as error:
        log.error(_("deposit: a pattern of [store.deposits] takes too long on a message; rewrite it: %s"), error)
        pairs = None
    if not pairs:
        return [DepositClaim(deposit_key(report.message_id, 0), "", None, "unreadable")] if trusted else []
    if not trusted:
        return [DepositClaim(deposit_key(report.message_id, 0), pairs[0].handle, _amount(pairs[0], units), "forged")]
    return [
        DepositClaim(deposit_key(report.message_id, number), pair.handle, _amount(pair, units), "")
        for number, pair in enumerate(pairs)
    ]


def deposit_key(message_id: int, number: int) -> str:
    """Return the key of a deposit: the message and the index of the deposit in it, from 0."""
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
