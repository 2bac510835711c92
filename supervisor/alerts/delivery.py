"""Delivery of notifications: which target gets which message, and when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from supervisor.alerts.incidents import AlertState, Notification
from supervisor.lifecycle.model import Instant
from supervisor.locale import _

#: messages to one target within an hour; further notifications wait, and come together in one message
MAX_MESSAGES_PER_HOUR: Final = 10
HOUR_S: Final = 3600.0
#: delay after a failed delivery; it doubles with each further failure
RETRY_FIRST_S: Final = 2.0
RETRY_LONGEST_S: Final = 900.0


class Retry(Struct, frozen=True):
    """The failed deliveries to a target."""

    failures: int
    #: when the next attempt is due, in seconds of `Instant.mono_s`
    at_s: float
    problem: str


class Batch(Struct, frozen=True):
    """The messages that are due for one target: each holds one notification or several, by their numbers."""

    target: str
    messages: tuple[tuple[int, ...], ...]


def due_batches(state: AlertState, retries: Mapping[str, Retry], now: Instant) -> list[Batch]:
    """Return what is to be sent now."""
    batches = []
    for target in state.targets:
        if target in retries and retries[target].at_s > now.mono_s:
            continue
        room = MAX_MESSAGES_PER_HOUR - len(_last_hour(state, target, now))
        if messages := _messages([notification.number for notification in undelivered_to(state, target)], room):
            batches.append(Batch(target, messages))
    return batches


def _messages(numbers: list[int], room: int) -> tuple[tuple[int, ...], ...]:
    """Return at most `room` messages: one for each number; if that is too many, the last one holds the rest."""
    if room <= 0:
        return ()
    if len(numbers) <= room:
        return tuple((number,) for number in numbers)
    return (*((number,) for number in numbers[: room - 1]), tuple(numbers[room - 1 :]))


def undelivered_to(state: AlertState, target: str) -> list[Notification]:
    """Return the notifications that `target` has not received."""
    return [notification for notification in state.queue if target in notification.undelivered]


def record_delivery(state: AlertState, target: str, numbers: Iterable[int], now: Instant) -> AlertState:
    """Return the state after `target` has received one message with these notifications."""
    delivered = frozenset(numbers)
    queue = []
    for notification in state.queue:
        if notification.number in delivered:
            undelivered = tuple(other for other in notification.undelivered if other != target)
            notification = replace(notification, undelivered=undelivered)
        if notification.undelivered:
            queue.append(notification)
    delivered_at = {**state.delivered_at, target: (*_last_hour(state, target, now), now.wall_s)}
    return replace(state, queue=tuple(queue), delivered_at=delivered_at)


def schedule_retry(previous: Retry | None, problem: str, now: Instant) -> Retry:
    """Return the retry after a failed delivery."""
    failures = previous.failures + 1 if previous else 1
    delay_s = min(RETRY_FIRST_S * 2 ** min(failures - 1, 16), RETRY_LONGEST_S)
    return Retry(failures, now.mono_s + delay_s, problem)


def next_delivery_s(state: AlertState, retries: Mapping[str, Retry], now: Instant) -> float | None:
    """Return when a message can be sent, in seconds of `Instant.mono_s`; None when there is none to send."""
    deliveries_s = []
    for target in state.targets:
        if undelivered_to(state, target):
            times = _last_hour(state, target, now)
            is_full = len(times) >= MAX_MESSAGES_PER_HOUR
            at_s = now.mono_s + times[0] + HOUR_S - now.wall_s if is_full else now.mono_s
            deliveries_s.append(max(at_s, retries[target].at_s) if target in retries else at_s)
    return min(deliveries_s, default=None)


def describe_failures(state: AlertState, retries: Mapping[str, Retry], names: Mapping[str, str]) -> str | None:
    """Return which targets do not receive messages, and why; None when all do. `names`: names of targets by id."""
    failures = [f"{names[target]}: {retries[target].problem}" for target in state.targets if target in retries]
    if not failures:
        return None
    count = sum(1 for notification in state.queue if any(target in retries for target in notification.undelivered))
    return _("%(problems)s; undelivered alerts: %(count)d") % {"problems": "; ".join(failures), "count": count}


def _last_hour(state: AlertState, target: str, now: Instant) -> tuple[float, ...]:
    """Return when `target` received messages within the last hour; a clock that was set back blocks nothing."""
    return tuple(at for at in state.delivered_at.get(target, ()) if 0 <= now.wall_s - at < HOUR_S)
