"""What the heartbeats say about a life: whether it is late, lost or unwell, and what for. Pure.

A part of a program is broken when it says `"is_healthy": false`. If it also says `"external": true`, what is wrong
lies outside the program (the network, another service), and a new life could not mend it. Then nothing else that
is broken at the same time is held against the life either: the one is often the cause of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from supervisor.config.settings import Program
from supervisor.lifecycle.model import HealthRecord, Reason

#: the part of `heartbeat_timeout_s` after which silence is suspicious
LATE: Final = 0.5
#: how long a life is left in peace after something was to be done about it: the check of its successor may have failed
SPARED_S: Final = 300.0
#: the number among the health of a program that tells the delay of its loop
LOOP_LAG: Final = "loop_lag_ms"


def is_late(heard_s: float | None, heartbeat_timeout_s: float, now_s: float) -> bool:
    """Tell whether a life has been silent for longer than is usual. One that never spoke need not speak."""
    return heard_s is not None and now_s - heard_s >= LATE * heartbeat_timeout_s


def is_lost(heard_s: float | None, heartbeat_timeout_s: float, now_s: float) -> bool:
    """Tell whether a life has been silent for too long. One that never spoke (`heard_s` None) need not speak."""
    return heard_s is not None and now_s - heard_s >= heartbeat_timeout_s


def unhealthy(health: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of the parts that report `is_healthy: false`, in their order.

    `health` is what the last heartbeat carried: a part's name to whatever the part says about itself.
    """
    return tuple(name for name, part in _parts(health) if part.get("is_healthy") is False)


def examined(vitals: HealthRecord, health: Mapping[str, Any] | None, program: Program, now_s: float) -> HealthRecord:
    """Return what is remembered after a heartbeat that carried `health`."""
    ailing = _ailing(health, program)
    since_s = None if ailing is None else vitals.unwell_since_s if vitals.unwell_since_s is not None else now_s
    errors = sum(_count(part.get("error_count")) for _name, part in _parts(health))
    more = 0 if vitals.errors is None or _is_outside(health) else max(0, errors - vitals.errors)
    recent = tuple(one for one in vitals.more_errors if now_s - one[0] < program.error_window_s)
    return replace(
        vitals,
        ailing=ailing,
        unwell_since_s=since_s,
        errors=errors,
        more_errors=(*recent, (now_s, more)) if more else recent,
    )


def sickness(vitals: HealthRecord, program: Program, now_s: float) -> Reason | None:
    """Say for what a life is to get a successor; None: for nothing, or not yet."""
    if now_s < vitals.spared_until_s:
        return None
    if program.memory_max and vitals.rss_bytes is not None and vitals.rss_bytes > program.memory_max:
        return Reason("memory", {"used_mib": vitals.rss_bytes >> 20, "limit_mib": program.memory_max >> 20})
    errors = sum(count for at, count in vitals.more_errors if now_s - at < program.error_window_s)
    if program.max_errors and errors > program.max_errors:
        params = {"count": errors, "time_s": program.error_window_s, "limit": program.max_errors}
        return Reason("errors", params)
    since_s = vitals.unwell_since_s
    if program.unhealthy_timeout_s and since_s is not None and now_s - since_s >= program.unhealthy_timeout_s:
        return Reason("unhealthy", {"time_s": program.unhealthy_timeout_s, "parts": vitals.ailing})
    return None


def spared(vitals: HealthRecord, now_s: float) -> HealthRecord:
    """Return what is remembered of a life about which something is done now."""
    return replace(vitals, spared_until_s=now_s + SPARED_S)


def _ailing(health: Mapping[str, Any] | None, program: Program) -> str | None:
    """Say which parts are broken, or that the loop lags; None: nothing that a new life could mend."""
    if _is_outside(health):
        return None
    names = list(unhealthy(health))
    lag_ms = (health or {}).get(LOOP_LAG)
    if program.max_loop_lag_ms and isinstance(lag_ms, int | float) and lag_ms > program.max_loop_lag_ms:
        names.append(f"{LOOP_LAG} {lag_ms:.0f}")
    return ", ".join(names) or None


def _is_outside(health: Mapping[str, Any] | None) -> bool:
    return any(part.get("is_healthy") is False and part.get("external") is True for _name, part in _parts(health))


def _parts(health: Mapping[str, Any] | None) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, part) for name, part in (health or {}).items() if isinstance(part, Mapping)]


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
