"""What the owner is told without the bot's help: what is wrong, what is over, and what still has to be sent. Pure.

A **matter** is something that is wrong now: a program that was given up, a disk that is nearly full. It is read from
what is known at the moment, not from what has just happened, so that nothing is missed and a new supervisor goes on
where an earlier one was killed. The owner is told of a matter once when it begins, or becomes another kind of matter,
and once when it is over. Each **alert** is owed to every address until that address has taken it. The **book** is all
that has to survive the supervisor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from supervisor.lifecycle import restart_policy as crashes
from supervisor.lifecycle.model import DesiredState, Instant, ProgramState, Reason, State, text_reason
from supervisor.locale import N_, _

#: messages that one address gets within an hour; what is more waits, and comes as one message
MAX_AN_HOUR: Final = 10
HOUR_S: Final = 3600.0
#: alerts that wait at most; the oldest goes when there are more
MAX_WAITING: Final = 50
#: waiting time after an address has taken nothing; it doubles with each further time
RETRY_FIRST_S: Final = 2.0
RETRY_LONGEST_S: Final = 900.0
#: the disk has room again when this part of `disk_low_bytes` more than that is free: else it would be low in turns
DISK_MARGIN: Final = 0.5
#: crashes within a program's window that are a loop: the first is followed by a new life at once
LOOP_CRASHES: Final = 2
#: the name of the alerts' own trouble; there is nobody to tell of it but those who look
OWN_TROUBLE: Final = N_("alerts")

_EXIT_REFUSED: Final = 77
_DISK: Final = "disk"
_PROGRAM, _TROUBLE = "program:", "trouble:"


class Kind(StrEnum):
    """What sort of matter it is."""

    CRASH_LOOP = "crash_loop"
    FATAL = "fatal"
    REFUSED = "refused"
    DISK_LOW = "disk_low"
    TROUBLE = "problems"
    TEST = "test"


class Incident(Struct, frozen=True):
    """Something that is wrong."""

    kind: Kind
    #: the program; or the part of the supervisor
    subject: str
    #: why, or how much is left; None: not known
    detail: Reason | None
    #: seconds since 1970
    since: float


class Notification(Struct, frozen=True, kw_only=True):
    """That something is wrong, or is over."""

    number: int
    matter: Incident
    over: bool = False
    #: seconds since 1970
    at: float
    #: addresses, by id, that have not taken it yet
    owed: tuple[str, ...] = ()


class AlertState(Struct, frozen=True, kw_only=True):
    """What has been told and what is still to be sent."""

    #: ids of the addresses there are
    addresses: tuple[str, ...] = ()
    #: matters the owner was told of that are not over, by what they are about
    open: dict[str, Incident] = {}
    #: oldest first
    waiting: tuple[Notification, ...] = ()
    #: when each address took its last messages, seconds since 1970
    taken_at: dict[str, tuple[float, ...]] = {}
    next_number: int = 1


class Observation(Struct, frozen=True):
    """What there is to look at."""

    programs: Mapping[str, ProgramState]
    #: what the supervisor itself suffers from, by what suffers
    problems: Mapping[str, str]
    #: free where the state directory is; None when it cannot be told
    free_bytes: int | None
    #: 0: never too little
    disk_low_bytes: int


class Retry(Struct, frozen=True):
    """An address that takes nothing at present."""

    failures: int
    #: when it is tried again, in seconds of `Instant.mono_s`
    at_s: float
    problem: str


class Batch(Struct, frozen=True):
    """What is to be sent to one address now: messages, each of one alert or of several, by their numbers."""

    address: str
    messages: tuple[tuple[int, ...], ...]


# --- what is wrong -----------------------------------------------------------------------------------------


def look(book: AlertState, seen: Observation, addresses: tuple[str, ...], now: Instant) -> AlertState:
    """Return the book with what is new; without an address there is nobody to tell."""
    if not addresses:
        return AlertState()
    book = _addressed(book, addresses)
    present = _present(book.open, seen, now)
    for key, matter in present.items():
        if key not in book.open or book.open[key].kind is not matter.kind:
            book = _tell(book, matter, now)
    for key, matter in book.open.items():
        if key not in present and _ended_well(key, seen):
            book = _tell(book, matter, now, over=True)
    return replace(book, open=present)


def _present(opened: Mapping[str, Incident], seen: Observation, now: Instant) -> dict[str, Incident]:
    """Return all that is wrong now; what goes on is the matter that was opened."""
    found: dict[str, Incident | None] = {}
    for name, known in seen.programs.items():
        key = f"{_PROGRAM}{name}"
        found[key] = _of_program(known, opened.get(key), now)
    found[_DISK] = _of_disk(seen, opened.get(_DISK), now)
    for what, why in seen.problems.items():
        if what != OWN_TROUBLE:
            key = f"{_TROUBLE}{what}"
            found[key] = _same(Incident(Kind.TROUBLE, what, text_reason(why), now.wall_s), opened.get(key))
    return {key: matter for key, matter in found.items() if matter is not None}


def _of_program(known: ProgramState, opened: Incident | None, now: Instant) -> Incident | None:
    """A program that is wanted has recovered when it serves, and has not crashed for the length of its window."""
    if known.state is State.FATAL:
        refused = known.last_exit is not None and known.last_exit.code == _EXIT_REFUSED
        kind = Kind.REFUSED if refused else Kind.FATAL
        return _same(Incident(kind, known.name, known.reason, now.wall_s), opened)
    if known.desired is DesiredState.DOWN:
        return None
    recent = crashes.recent_crashes(known, now)
    if opened is None and len(recent) >= LOOP_CRASHES:
        why = known.last_exit.as_reason() if known.last_exit else known.reason
        return Incident(Kind.CRASH_LOOP, known.name, why, now.wall_s)
    return None if known.state is State.RUNNING and not recent else opened


def _of_disk(seen: Observation, opened: Incident | None, now: Instant) -> Incident | None:
    limit_bytes = seen.disk_low_bytes * (1 + DISK_MARGIN * (opened is not None))
    if seen.free_bytes is None or seen.free_bytes >= limit_bytes:
        return opened if seen.free_bytes is None else None
    detail = Reason("disk_free", {"free_mib": seen.free_bytes >> 20})
    return _same(Incident(Kind.DISK_LOW, _DISK, detail, now.wall_s), opened)


def _same(matter: Incident, opened: Incident | None) -> Incident:
    return opened if opened is not None and opened.kind is matter.kind else matter


def _ended_well(key: str, seen: Observation) -> bool:
    """Tell whether it is good news that the matter is closed: a program that was taken down has not recovered."""
    if not key.startswith(_PROGRAM):
        return True
    known = seen.programs.get(key.removeprefix(_PROGRAM))
    return known is not None and known.state is State.RUNNING and known.desired is DesiredState.UP


def _tell(book: AlertState, matter: Incident, now: Instant, *, over: bool = False) -> AlertState:
    alert = Notification(number=book.next_number, matter=matter, over=over, at=now.wall_s, owed=book.addresses)
    return replace(book, waiting=(*book.waiting, alert)[-MAX_WAITING:], next_number=book.next_number + 1)


def _addressed(book: AlertState, addresses: tuple[str, ...]) -> AlertState:
    """Let the book count for `addresses`. A new one, perhaps an old one corrected, gets what waits for any."""
    if addresses == book.addresses:
        return book
    new = tuple(one for one in addresses if one not in book.addresses)
    waiting = []
    for alert in book.waiting:
        if owed := (*(one for one in alert.owed if one in addresses), *new):
            waiting.append(replace(alert, owed=owed))
    taken_at = {one: times for one, times in book.taken_at.items() if one in addresses}
    return replace(book, addresses=addresses, waiting=tuple(waiting), taken_at=taken_at)


# --- what is to be sent ------------------------------------------------------------------------------------


def parcels(book: AlertState, retries: Mapping[str, Retry], now: Instant) -> list[Batch]:
    """Return what is to be sent now."""
    found = []
    for address in book.addresses:
        if address in retries and retries[address].at_s > now.mono_s:
            continue
        room = MAX_AN_HOUR - len(_lately(book, address, now))
        if messages := _messages([alert.number for alert in owed_to(book, address)], room):
            found.append(Batch(address, messages))
    return found


def _messages(numbers: list[int], room: int) -> tuple[tuple[int, ...], ...]:
    """Share alerts out to at most `room` messages: each its own, and if there are too many, the rest in the last."""
    if room <= 0:
        return ()
    if len(numbers) <= room:
        return tuple((number,) for number in numbers)
    return (*((number,) for number in numbers[: room - 1]), tuple(numbers[room - 1 :]))


def owed_to(book: AlertState, address: str) -> list[Notification]:
    """Return what waits for `address`."""
    return [alert for alert in book.waiting if address in alert.owed]


def taken(book: AlertState, address: str, numbers: Iterable[int], now: Instant) -> AlertState:
    """Return the book after `address` has taken one message about these alerts."""
    done = frozenset(numbers)
    waiting = []
    for alert in book.waiting:
        if alert.number in done:
            alert = replace(alert, owed=tuple(one for one in alert.owed if one != address))
        if alert.owed:
            waiting.append(alert)
    taken_at = {**book.taken_at, address: (*_lately(book, address, now), now.wall_s)}
    return replace(book, waiting=tuple(waiting), taken_at=taken_at)


def failed(before: Retry | None, problem: str, now: Instant) -> Retry:
    """Return when an address is tried again that has taken nothing."""
    failures = before.failures + 1 if before else 1
    wait_s = min(RETRY_FIRST_S * 2 ** min(failures - 1, 16), RETRY_LONGEST_S)
    return Retry(failures, now.mono_s + wait_s, problem)


def send_due_s(book: AlertState, retries: Mapping[str, Retry], now: Instant) -> float | None:
    """Return when something can be sent, in seconds of `Instant.mono_s`; None when nothing waits."""
    due = []
    for address in book.addresses:
        if owed_to(book, address):
            lately = _lately(book, address, now)
            free_s = now.mono_s + lately[0] + HOUR_S - now.wall_s if len(lately) >= MAX_AN_HOUR else now.mono_s
            due.append(max(free_s, retries[address].at_s) if address in retries else free_s)
    return min(due, default=None)


def recovery_due_s(book: AlertState, programs: Mapping[str, ProgramState], now: Instant) -> float | None:
    """Return when a program will have run in peace for long enough, if it goes on; None when none is on its way."""
    due = []
    for name, known in programs.items():
        if (
            f"{_PROGRAM}{name}" in book.open
            and known.state is State.RUNNING
            and (last := crashes.recent_crashes(known, now))
        ):
            due.append(last[-1] + known.settings.crash_window_s)
    return min(due, default=None)


def _lately(book: AlertState, address: str, now: Instant) -> tuple[float, ...]:
    """Return when `address` took messages within the last hour; a clock that was set back locks nothing."""
    return tuple(at for at in book.taken_at.get(address, ()) if 0 <= now.wall_s - at < HOUR_S)


def own_trouble(book: AlertState, retries: Mapping[str, Retry], shown: Mapping[str, str]) -> str | None:
    """Say which addresses take nothing; None when all do. `shown` is how an address, by its id, may be called."""
    problems = [f"{shown[one]}: {retries[one].problem}" for one in book.addresses if one in retries]
    if not problems:
        return None
    count = sum(1 for alert in book.waiting if any(one in retries for one in alert.owed))
    return _("%(problems)s; alerts that wait: %(count)d") % {"problems": "; ".join(problems), "count": count}
