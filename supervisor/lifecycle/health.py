"""Evaluation of heartbeats: whether a life is late, lost or unhealthy, and whether to restart it. Pure.

A part of a program is unhealthy if it reports `"is_healthy": false`. If it also reports `"external": true`, the cause
lies outside the program (the network, another service), and a restart would not help. Then the other unhealthy parts
do not count either: the external failure is often their cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from supervisor.config.settings import Program
from supervisor.lifecycle.model import HealthRecord, Reason

#: the part of `heartbeat_timeout_s` after which a heartbeat is late
LATE: Final = 0.5
#: how long a life is left alone after its restart was requested: the check before that restart may have failed
GRACE_PERIOD_S: Final = 300.0
#: the key in a program's health for the delay of its event loop
LOOP_LAG: Final = "loop_lag_ms"


def is_late(last_seen_s: float | None, heartbeat_timeout_s: float, now_s: float) -> bool:
    """Return whether a heartbeat is late. A life that never sent a message (`last_seen_s` None) need not send any."""
    return last_seen_s is not None and now_s - last_seen_s >= LATE * heartbeat_timeout_s


def is_lost(last_seen_s: float | None, heartbeat_timeout_s: float, now_s: float) -> bool:
    """Return whether the heartbeat has timed out. A life that never sent a message need not send any."""
    return last_seen_s is not None and now_s - last_seen_s >= heartbeat_timeout_s


def unhealthy_parts(health: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of the parts that report `is_healthy: false`, in their order.

    `health` is the payload of the last heartbeat: the name of each part, with what that part reports.
    """
    return tuple(name for name, part in _parts(health) if part.get("is_healthy") is False)


def record_heartbeat(
    record: HealthRecord, health: Mapping[str, Any] | None, settings: Program, now_s: float
) -> HealthRecord:
    """Return the record with a heartbeat that reported `health`."""
    symptom = _symptom(health, settings)
    since_s = None if symptom is None else record.unhealthy_since_s if record.unhealthy_since_s is not None else now_s
    errors = sum(_count(part.get("error_count")) for _name, part in _parts(health))
    added = 0 if record.errors is None or _has_external_failure(health) else max(0, errors - record.errors)
    recent = tuple((at_s, count) for at_s, count in record.new_errors if now_s - at_s < settings.error_window_s)
    return replace(
        record,
        symptom=symptom,
        unhealthy_since_s=since_s,
        errors=errors,
        new_errors=(*recent, (now_s, added)) if added else recent,
    )


def restart_reason(record: HealthRecord, settings: Program, now_s: float) -> Reason | None:
    """Return why the life has to be restarted; None: it has not, or not yet."""
    if now_s < record.grace_until_s:
        return None
    if settings.memory_max and record.rss_bytes is not None and record.rss_bytes > settings.memory_max:
        return Reason("memory", {"used_mib": record.rss_bytes >> 20, "limit_mib": settings.memory_max >> 20})
    errors = sum(count for at_s, count in record.new_errors if now_s - at_s < settings.error_window_s)
    if settings.max_errors and errors > settings.max_errors:
        params = {"count": errors, "time_s": settings.error_window_s, "limit": settings.max_errors}
        return Reason("errors", params)
    since_s = record.unhealthy_since_s
    if settings.unhealthy_timeout_s and since_s is not None and now_s - since_s >= settings.unhealthy_timeout_s:
        return Reason("unhealthy", {"time_s": settings.unhealthy_timeout_s, "parts": record.symptom})
    return None


def with_grace_period(record: HealthRecord, now_s: float) -> HealthRecord:
    """Return the record of a life whose restart was requested now."""
    return replace(record, grace_until_s=now_s + GRACE_PERIOD_S)


def _symptom(health: Mapping[str, Any] | None, settings: Program) -> str | None:
    """Return the names of the unhealthy parts, and the loop lag if it is too high; None: a restart would not help."""
    if _has_external_failure(health):
        return None
    names = list(unhealthy_parts(health))
    lag_ms = (health or {}).get(LOOP_LAG)
    if settings.max_loop_lag_ms and isinstance(lag_ms, int | float) and lag_ms > settings.max_loop_lag_ms:
        names.append(f"{LOOP_LAG} {lag_ms:.0f}")
    return ", ".join(names) or None


def _has_external_failure(health: Mapping[str, Any] | None) -> bool:
    return any(part.get("is_healthy") is False and part.get("external") is True for _name, part in _parts(health))


def _parts(health: Mapping[str, Any] | None) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, part) for name, part in (health or {}).items() if isinstance(part, Mapping)]


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
