"""Folds what the dashboard observes into one record a minute. Pure.

A status, an event or a lost connection says what holds from then on. The time until the next observation counts for
that: so many seconds of the minute members were served, so many seconds the gateway was unhealthy. Counters of the bot
only increase and start at 0 in each of its processes, so a record has their increase.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

#: a longer time without an observation is not counted: the machine was suspended, or the clock was set, in seconds
MAX_SILENCE_S: Final = 90.0
#: after more time without a status it is unknown in which minutes a counter has increased, in seconds
MAX_COUNTER_GAP_S: Final = 300.0
#: the program that members use
BOT: Final = "bot"
#: the counters: the column, and where the bot's health has the value
_COUNTERS: Final = {
    "cache_hits": ("cache", "hits"),
    "cache_misses": ("cache", "misses"),
    "cache_evictions": ("cache", "evictions"),
    "stock_errors": ("livestock", "error_count"),
    "button_errors": ("buttons", "error_count"),
    "identifies": ("gateway", "identifies"),
}

Health = Mapping[str, Any]


class Process(Struct, frozen=True):
    """What one process uses."""

    rss_bytes: int
    #: of one processor; None until it was measured twice
    cpu_percent: float | None


class Machine(Struct, frozen=True):
    """What the dashboard measures itself."""

    #: by program, and "supervisor"
    processes: dict[str, Process] = {}
    disk_free_bytes: int | None = None
    disk_bytes: int | None = None


class Minute(Struct, frozen=True, kw_only=True):
    """The record of one minute. None: unknown. The seconds of `served_s`, `limited_s` and `down_s` are `observed_s`."""

    #: minutes since 1970
    minute: int
    observed_s: float = 0.0
    #: seconds in which members saw stock and buttons, in which they saw less, and in which the bot did not serve
    served_s: float = 0.0
    limited_s: float = 0.0
    down_s: float = 0.0
    #: seconds in which each part was unhealthy, without those that were healthy
    unhealthy_s: dict[str, float] = {}
    cache_hits: int = 0
    cache_misses: int = 0
    cache_evictions: int = 0
    stock_errors: int = 0
    button_errors: int = 0
    identifies: int = 0
    #: clicks that were answered, by the limit of how long it took, in ms or "more"; and those that failed, by kind
    answered: dict[str, int] = {}
    failed: dict[str, int] = {}
    cache_entries: int | None = None
    cache_bytes: int | None = None
    #: the highest of the minute
    loop_lag_ms: float | None = None
    latency_ms: float | None = None
    disk_free_bytes: int | None = None
    processes: dict[str, Process] = {}


class StatusSeen(Struct, frozen=True):
    """An answer to `status`, and what was measured at the same time."""

    at_s: float
    programs: tuple[dict[str, Any], ...]
    machine: Machine = Machine()


class StateSeen(Struct, frozen=True):
    """An event: a program is in another state."""

    at_s: float
    program: str
    state: str


class ConnectionLost(Struct, frozen=True):
    """The supervisor does not answer: nothing is known from now on."""

    at_s: float


class TimePassed(Struct, frozen=True):
    """Nothing has changed."""

    at_s: float


Observation = StatusSeen | StateSeen | ConnectionLost | TimePassed


class Counted(Struct, frozen=True):
    """The last values of the counters of one process of the bot."""

    life: int
    at_s: float
    values: dict[str, int]
    #: those of clicks, as in a `Minute`
    answered: dict[str, int] = {}
    failed: dict[str, int] = {}


class Watch(Struct, frozen=True):
    """What is known, and the minute in progress."""

    at_s: float = 0.0
    #: whether the supervisor answers
    is_connected: bool = False
    #: the state of each program, and the desired state
    states: dict[str, tuple[str, str]] = {}
    #: the bot's part that says what members see
    visibility: str | None = None
    #: the unhealthy parts of the bot
    unhealthy: tuple[str, ...] = ()
    counted: Counted | None = None
    current: Minute | None = None


def observe(watch: Watch, seen: Observation) -> tuple[Watch, list[Minute]]:
    """Return what is known after an observation, and the records of the minutes that are over, oldest first."""
    watch, finished = _advance(watch, seen.at_s)
    if isinstance(seen, StatusSeen):
        watch = _take_status(watch, seen)
    elif isinstance(seen, StateSeen):
        before = watch.states.get(seen.program, (seen.state, "up"))
        watch = replace(watch, states={**watch.states, seen.program: (seen.state, before[1])})
    elif isinstance(seen, ConnectionLost):
        watch = replace(watch, is_connected=False)
    return watch, finished


def _advance(watch: Watch, now_s: float) -> tuple[Watch, list[Minute]]:
    """Count the time until `now_s` for what is known; return the records of the minutes that are over."""
    finished: list[Minute] = []
    current = watch.current
    is_known = watch.is_connected and 0 <= now_s - watch.at_s <= MAX_SILENCE_S
    for minute, lasted_s in _split(watch.at_s, now_s) if is_known else ():
        current = _turn_to(minute, current, finished)
        current = _add_time(current, watch, lasted_s)
    current = _turn_to(int(now_s // 60), current, finished)
    return replace(watch, at_s=now_s, current=current), finished


def _split(begin_s: float, end_s: float) -> Iterator[tuple[int, float]]:
    """Yield each minute between two times, and how many seconds of it are between them."""
    while begin_s < end_s:
        minute = int(begin_s // 60)
        until_s = min(end_s, (minute + 1) * 60.0)
        yield minute, until_s - begin_s
        begin_s = until_s


def _turn_to(minute: int, current: Minute | None, finished: list[Minute]) -> Minute:
    """Return the record of `minute`; `finished` gets the one before, unless nothing was observed in it."""
    if current is not None and current.minute == minute:
        return current
    if current is not None and current.observed_s:
        finished.append(current)
    return Minute(minute=minute)


def _add_time(current: Minute, watch: Watch, lasted_s: float) -> Minute:
    """Return the record with `lasted_s` more seconds of what is known."""
    # a clock that is set back repeats seconds
    lasted_s = min(lasted_s, 60.0 - current.observed_s)
    kind = _service(watch)
    unhealthy_s = dict(current.unhealthy_s)
    for part in _unhealthy(watch):
        unhealthy_s[part] = round(unhealthy_s.get(part, 0.0) + lasted_s, 3)
    changes = {"observed_s": current.observed_s + lasted_s, kind: getattr(current, kind) + lasted_s}
    return replace(current, unhealthy_s=unhealthy_s, **{name: round(value, 3) for name, value in changes.items()})


def _service(watch: Watch) -> str:
    """Return which seconds count now: what members see of the shop."""
    if watch.states.get(BOT, ("", ""))[0] != "RUNNING" or "gateway" in watch.unhealthy:
        return "down_s"
    return "served_s" if watch.visibility in ("normal", None) else "limited_s"


def _unhealthy(watch: Watch) -> list[str]:
    """Return the unhealthy parts of the bot, and the programs that should run and do not."""
    down = [name for name, (state, desired) in watch.states.items() if desired == "up" and state != "RUNNING"]
    return [*down, *(part for part in watch.unhealthy if BOT not in down)]


def _take_status(watch: Watch, seen: StatusSeen) -> Watch:
    programs = {str(one["name"]): one for one in seen.programs}
    bot = programs.get(BOT, {})
    health: Health = bot.get("health") or {}
    assert watch.current is not None
    current = _with_gauges(watch.current, health, seen.machine)
    counted = _read_counters(int(bot.get("life") or 0), health, seen.at_s)
    current = replace(current, **_increases(current, watch.counted, counted))
    return replace(
        watch,
        is_connected=True,
        states={name: (str(one["state"]), str(one["desired"])) for name, one in programs.items()},
        visibility=_read(health, "visibility", "state"),
        unhealthy=tuple(bot.get("unhealthy") or ()),
        counted=counted or watch.counted,
        current=current,
    )


def _with_gauges(current: Minute, health: Health, machine: Machine) -> Minute:
    lag_ms, latency_ms = health.get("loop_lag_ms"), _read(health, "gateway", "latency_ms")
    entries, size = _read(health, "cache", "entries"), _read(health, "cache", "bytes")
    return replace(
        current,
        cache_entries=_number(entries, current.cache_entries),
        cache_bytes=_number(size, current.cache_bytes),
        loop_lag_ms=_highest(current.loop_lag_ms, lag_ms),
        latency_ms=_highest(current.latency_ms, latency_ms),
        disk_free_bytes=_number(machine.disk_free_bytes, current.disk_free_bytes),
        processes={**current.processes, **machine.processes},
    )


def _read_counters(life: int, health: Health, at_s: float) -> Counted | None:
    """Return the counters that the bot reports; None before its first heartbeat."""
    values = {name: _read(health, *place) for name, place in _COUNTERS.items()}
    known = {name: int(value) for name, value in values.items() if isinstance(value, int | float)}
    clicks = health.get("clicks") or {}
    return Counted(life, at_s, known, clicks.get("answered_ms", {}), clicks.get("failed", {})) if known else None


def _increases(current: Minute, before: Counted | None, now: Counted | None) -> dict[str, Any]:
    """Return the counters of the record with what they have increased since `before`."""
    if before is None or now is None or now.at_s - before.at_s > MAX_COUNTER_GAP_S:
        return {}
    if before.life != now.life:
        before = Counted(now.life, before.at_s, {})
    added = _added(before.values, now.values)
    return {
        **{name: getattr(current, name) + count for name, count in added.items()},
        "answered": _sum(current.answered, _added(before.answered, now.answered)),
        "failed": _sum(current.failed, _added(before.failed, now.failed)),
    }


def _added(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {name: value - before.get(name, 0) for name, value in now.items() if value > before.get(name, 0)}


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def _read(health: Health, part: str, key: str) -> Any:
    value = health.get(part)
    return value.get(key) if isinstance(value, Mapping) else None


def _number(value: Any, otherwise: int | None) -> int | None:
    return int(value) if isinstance(value, int | float) else otherwise


def _highest(known: float | None, value: Any) -> float | None:
    if not isinstance(value, int | float):
        return known
    return float(value) if known is None else max(known, float(value))
