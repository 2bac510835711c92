"""Who did what with each interaction: acknowledgements, second acknowledgements, and what finished it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

#: interactions kept
KEPT_INTERACTIONS: Final = 10_000
#: calls of one kind kept for an interaction
MAX_CALLS: Final = 50
#: seconds a bot has for its first answer to an interaction
FIRST_RESPONSE_TIMEOUT_S: Final = 3.0
_ALREADY_ACKNOWLEDGED: Final = 40060
_DEFERRED: Final = {"deferred", "deferred_update"}
# by their type in Discord
_CALLBACKS: Final = {
    1: "pong",
    4: "message",
    5: "deferred",
    6: "deferred_update",
    7: "update",
    8: "autocomplete",
    9: "modal",
}


@dataclass(slots=True, frozen=True)
class Call:
    """A REST call about an interaction.

    `at_s`: Unix time; `pid`: process of the caller, if it is known; `how`: the kind of the callback (`message`,
    `deferred`, `deferred_update`, `update`, `modal`, `autocomplete`, `pong`), or `follow_up`, `edit` or `delete`;
    `code`: error code of a refusal, otherwise 0.
    """

    at_s: float
    pid: int | None
    how: str
    code: int = 0

    def describe(self) -> dict[str, Any]:
        """Return this call as JSON."""
        described = {"at_s": self.at_s, "pid": self.pid, "how": self.how}
        return described | {"code": self.code} if self.code else described


@dataclass(slots=True)
class LoggedInteraction:
    """One interaction and the calls about it."""

    id: int
    member: str
    #: custom id, or name of the command
    what: str
    created_at_s: float
    acknowledged: Call | None = None
    refused: list[Call] = field(default_factory=list)
    finished: list[Call] = field(default_factory=list)

    @property
    def ack_ms(self) -> float | None:
        """Return the milliseconds between the interaction and its acknowledgement."""
        return None if self.acknowledged is None else (self.acknowledged.at_s - self.created_at_s) * 1000

    def is_failed(self, now_s: float) -> bool:
        """Return whether the interaction can no longer be acknowledged."""
        return self.acknowledged is None and now_s - self.created_at_s >= FIRST_RESPONSE_TIMEOUT_S

    def is_open(self, now_s: float) -> bool:
        """Return whether the interaction waits for its acknowledgement or for the end of a deferred answer."""
        return not self.finished and not self.is_failed(now_s)

    def add(self, call: Call, *, is_callback: bool) -> None:
        """Add a call. An acknowledgement that does not defer finishes the interaction as well."""
        if call.code:
            calls = self.refused
        elif is_callback:
            self.acknowledged = call
            if call.how in _DEFERRED:
                return
            calls = self.finished
        else:
            calls = self.finished
        if len(calls) < MAX_CALLS:
            calls.append(call)

    def describe(self) -> dict[str, Any]:
        """Return this interaction as JSON."""
        return {
            "interaction_id": str(self.id),
            "member": self.member,
            "what": self.what,
            "created_at_s": self.created_at_s,
            "ack_ms": self.ack_ms,
            "acknowledged": None if self.acknowledged is None else self.acknowledged.describe(),
            "refused": [call.describe() for call in self.refused],
            "finished": [call.describe() for call in self.finished],
        }


class InteractionLog:
    """The last KEPT_INTERACTIONS interactions."""

    def __init__(self) -> None:
        self._kept: dict[int, LoggedInteraction] = {}

    def open(self, interaction_id: int, member: str, what: str, now_s: float) -> None:
        """Add a new interaction; drop the oldest beyond the limit."""
        self._kept[interaction_id] = LoggedInteraction(interaction_id, member, what, now_s)
        if len(self._kept) > KEPT_INTERACTIONS:
            del self._kept[next(iter(self._kept))]

    def find(self, interaction_id: int | None) -> LoggedInteraction | None:
        """Return an interaction, or None if it is unknown."""
        return self._kept.get(interaction_id or 0)

    def since(self, interaction_id: int) -> list[LoggedInteraction]:
        """Return the interactions after this id, oldest first."""
        return [one for one in self._kept.values() if one.id > interaction_id]


def read_call(
    method: str, path: str, body: Any, *, at_s: float, pid: int | None, code: int
) -> tuple[str, Call, bool] | None:
    """Return an interaction's token, the call and whether it is its callback; None for a request that changes nothing.

    `path`, below /api/v10, begins with /interactions or /webhooks; `code` is the error code of the answer.
    """
    parts = path.strip("/").split("/")
    if len(parts) < 3:
        return None
    if method == "POST" and parts[0] == "interactions":
        kind = body.get("type") if isinstance(body, dict) else None
        how = _CALLBACKS.get(kind, "unknown") if isinstance(kind, int) else "unknown"
        return parts[2], Call(at_s, pid, how, code), True
    how = {("POST", 3): "follow_up", ("PATCH", 5): "edit", ("DELETE", 5): "delete"}.get((method, len(parts)), "")
    return (parts[2], Call(at_s, pid, how, code), False) if how else None


def summarize(interactions: Iterable[LoggedInteraction], now_s: float) -> dict[str, Any]:
    """Return the numbers of these interactions at `now_s` as JSON; `docs/reference/local-discord.md` explains them."""
    listed = list(interactions)
    acks = [(one.acknowledged.at_s, one.ack_ms or 0.0) for one in listed if one.acknowledged is not None]
    delays_ms = sorted(delay_ms for _, delay_ms in acks)
    times_s = sorted(at_s for at_s, _ in acks)
    failed = sum(one.is_failed(now_s) for one in listed)
    return {
        "created": len(listed),
        "acknowledged": len(acks),
        "pending": len(listed) - len(acks) - failed,
        "failed": failed,
        "finished": sum(bool(one.finished) for one in listed),
        "unfinished": sum(one.acknowledged is not None and not one.finished for one in listed),
        "finished_again": sum(len(one.finished) > 1 for one in listed),
        "acknowledged_again": sum(call.code == _ALREADY_ACKNOWLEDGED for one in listed for call in one.refused),
        "ack_ms": {
            "median": _percentile(delays_ms, 0.5),
            "p99": _percentile(delays_ms, 0.99),
            "max": _percentile(delays_ms, 1.0),
        },
        "longest_gap_ms": max((later - earlier for earlier, later in pairwise(times_s)), default=0.0) * 1000,
    }


def _percentile(values: list[float], share: float) -> float | None:
    """Return the smallest of the sorted values that `share` of all do not exceed; None without values."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None
