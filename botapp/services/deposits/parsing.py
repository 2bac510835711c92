"""Extract deposits from a message: member names, amounts, and whether to trust them.

Patterns come from the configuration and texts from anyone, so the length of texts and the time of a match are limited.
"""

from __future__ import annotations

import bisect
import itertools
import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import regex
from msgspec import Struct

from botapp.locale import _
from botapp.services.deposits.pairing import MAX_PAIRS, Match, Pairs, pair, read_amount
from botapp.store.domain.money import Denomination
from botapp.store.usecases.deposits import DepositClaim

log = logging.getLogger(__name__)

#: longest text that is searched, in characters; messages with embeds on Discord are shorter
MAX_TEXT_CHARS: Final = 10_000
#: names, and amounts, that are looked for in one message: each deposit may be reported by its content and by an embed
MAX_MATCHES: Final = 4 * MAX_PAIRS
#: CPU time limit of a pattern on one text, in seconds
TIMEOUT_S: Final = 1.0

#: Markdown of bold, code and spoilers, which no handle contains. Between two digits it stays: "1|500" is not 1500.
_MARKS: Final = re.compile(r"(?<![0-9])[*`~|\0]+|[*`~|\0]+(?![0-9*`~|\0])")


class TooSlow(Exception):
    """A pattern takes too long on a text and must be rewritten."""


class EmbedText(NamedTuple):
    """The text of an embed."""

    #: title and description
    words: str = ""
    #: one line "name: value" per field
    fields: str = ""


class MessageText(Struct, frozen=True):
    """The text of a message, by part: a message may report a deposit in its content and again in an embed."""

    content: str = ""
    embeds: tuple[EmbedText, ...] = ()


class ParsedReport(Struct, frozen=True):
    """The parts of a message that matter for deposits."""

    message_id: int
    #: None if a member or a bot wrote the message
    webhook_id: int | None
    text: MessageText


class Patterns:
    """The two compiled patterns of the configuration."""

    def __init__(self, handle: str, amount: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Raises ValueError if one is not a regular expression, or lacks its group."""
        self._handle = _compile(handle, "handle")
        self._amount = _compile(amount, "amount")
        self._timeout_s = timeout_s

    def find_pairs(self, text: MessageText, units: Sequence[Denomination]) -> Pairs:
        """Return the deposits in a message, see `pairing.pair`. Releases the GIL during a match. Raises TooSlow."""
        parts = [_MARKS.sub("", part) for part in (text.content, *itertools.chain.from_iterable(text.embeds))]
        starts = list(itertools.accumulate((len(part) + 1 for part in parts[:-1]), initial=0))
        whole = "\n".join(parts)[:MAX_TEXT_CHARS]
        handles, amounts = (
            [Match(bisect.bisect_right(starts, at) - 1, at, found) for at, found in matches]
            for matches in (
                self._find_groups(self._handle, "handle", whole),
                self._find_groups(self._amount, "amount", whole),
            )
        )
        return pair(handles, amounts, units) if max(len(handles), len(amounts)) <= MAX_MATCHES else None

    def _find_groups(self, pattern: regex.Pattern[str], group: str, text: str) -> list[tuple[int, str]]:
        """Return the position and the group of each match."""
        try:
            matches = pattern.finditer(text, timeout=self._timeout_s, concurrent=True)
            return [
                (match.start(), (match[group] or "").strip())
                for match, _ in zip(matches, range(MAX_MATCHES + 1), strict=False)
            ]
        except TimeoutError as error:
            raise TooSlow(pattern.pattern) from error


def message_text(content: str, embeds: Iterable[Mapping[str, Any]]) -> MessageText:
    """Return the text of a message; a field of an embed becomes the line "name: value"."""
    return MessageText(content, tuple(_embed_text(embed) for embed in embeds))


def extract_claims(
    report: ParsedReport, patterns: Patterns, webhook_ids: Collection[int], units: Sequence[Denomination]
) -> list[DepositClaim]:
    """Return one claim per deposit in a message; none for other messages.

    A deposit that was not sent by an allowed webhook is refused as forged. An unreadable message of an allowed webhook
    is refused too, because its money would be missed otherwise.
    """
    trusted = report.webhook_id in webhook_ids
    try:
        pairs = patterns.find_pairs(report.text, units)
    except TooSlow as error:
        log.error(_("deposit: a pattern of [store.deposits] takes too long on a message; rewrite it: %s"), error)
        pairs = None
    if not pairs:
        return [DepositClaim(deposit_key(report.message_id, 0), "", None, "unreadable")] if trusted else []
    if not trusted:
        return [
            DepositClaim(
                deposit_key(report.message_id, 0), pairs[0].handle, read_amount(pairs[0].amount, units), "forged"
            )
        ]
    return [
        DepositClaim(deposit_key(report.message_id, number), pair.handle, read_amount(pair.amount, units), "")
        for number, pair in enumerate(pairs)
    ]


def deposit_key(message_id: int, number: int) -> str:
    """Return the key of a deposit: the message and the index of the deposit in it, from 0."""
    return f"message:{message_id}:{number}"


def _embed_text(embed: Mapping[str, Any]) -> EmbedText:
    words = [str(embed.get("title") or ""), str(embed.get("description") or "")]
    fields = [
        f"{str(field.get('name') or '').strip().rstrip(':')}: {field.get('value') or ''}"
        for field in embed.get("fields") or ()
    ]
    return EmbedText("\n".join(line for line in words if line), "\n".join(fields))


def _compile(pattern: str, group: str) -> regex.Pattern[str]:
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise ValueError(str(error)) from error
    if group not in compiled.groupindex:
        raise ValueError(group)
    return compiled
