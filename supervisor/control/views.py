"""What viewers see, made from what is known. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from supervisor import __version__
from supervisor.lifecycle.health import is_late, unhealthy_parts
from supervisor.lifecycle.model import ExitStatus, Instant, ProgramState, RestartReport, State
from supervisor.locale import reasons

#: states in which there is a life to show
_LIVING = frozenset({State.STARTING, State.RUNNING, State.DRAINING, State.STOPPING, State.KILLING})


def status(
    programs: Mapping[str, ProgramState],
    *,
    pid: int,
    started: Instant,
    now: Instant,
    problems: Mapping[str, str],
    config_changed: bool,
    rss_bytes: Callable[[int], int | None],
) -> dict[str, Any]:
    """Return the object of `status --json`.

    `problems` names what the supervisor itself suffers from; `config_changed` tells whether the configuration is
    another file than was last read.
    """
    return {
        "version": 1,
        "supervisor": {
            "pid": pid,
            "started_at": round(started.wall_s, 3),
            "uptime_s": round(now.mono_s - started.mono_s, 3),
            "version": __version__,
            "problems": dict(problems),
            "config_changed": config_changed,
        },
        "programs": [_program(known, now, rss_bytes) for known in programs.values()],
    }


def _program(known: ProgramState, now: Instant, rss_bytes: Callable[[int], int | None]) -> dict[str, Any]:
    lives = known.child is not None and known.state in _LIVING
    return {
        "name": known.name,
        "desired": known.desired.value,
        "state": known.state.value,
        "pid": known.child.pid if known.child else None,
        "life": known.life.number,
        "uptime_s": round(now.mono_s - known.life.started_s, 3)
        if lives and known.life.started_at is not None
        else None,
        "restarts": known.restarts,
        "rss_bytes": rss_bytes(known.child.pid) if known.child else None,
        "last_exit": _last_exit(known.last_exit),
        "health": known.life.health or {},
        "unhealthy": list(unhealthy_parts(known.life.health)),
        **_silence(known, now),
        "linked": known.life.linked,
        "version": known.life.version,
        "pending": list(known.life.pending),
        **reasons.reason_fields(known.reason),
        "restart": _restart(known),
        "retry_in_s": _retry_in_s(known, now),
    }


def _silence(known: ProgramState, now: Instant) -> dict[str, Any]:
    """Return for how long a life that serves was not heard, and whether that is suspicious; null where unknown."""
    if known.state is not State.RUNNING or known.life.last_seen_s is None:
        return {"heartbeat_age_s": None, "heartbeat_late": None}
    heartbeat_late = is_late(known.life.last_seen_s, known.settings.heartbeat_timeout_s, now.mono_s)
    return {"heartbeat_age_s": round(now.mono_s - known.life.last_seen_s, 3), "heartbeat_late": heartbeat_late}


def _restart(known: ProgramState) -> dict[str, Any] | None:
    if known.restart is None:
        return None
    return {
        "phase": phase(known),
        "requested_by": known.restart.requested_by,
        **reasons.reason_fields(known.restart.reason),
    }


def _last_exit(last_exit: ExitStatus | None) -> dict[str, Any] | None:
    if last_exit is None:
        return None
    return {**msgspec.structs.asdict(last_exit), **reasons.reason_fields(last_exit.reason)}


def _retry_in_s(known: ProgramState, now: Instant) -> float | None:
    if known.state is not State.BACKOFF or known.deadline_s is None:
        return None
    return round(max(0.0, known.deadline_s - now.mono_s), 3)


def phase(known: ProgramState) -> str | None:
    """Return the phase of the restart under way; None when there is none."""
    if known.restart is None:
        return None
    return {
        State.RUNNING: "check",
        State.DRAINING: "drain",
        State.STOPPING: "stop",
        State.KILLING: "stop",
        State.FLUSHING: "flush",
        State.BACKOFF: "wait",
    }.get(known.state, "start")


def change(known: ProgramState) -> dict[str, Any]:
    """Return what listeners are told when a program's state has changed."""
    return {
        "program": known.name,
        "state": known.state.value,
        "life": known.life.number,
        **reasons.reason_fields(known.reason),
        "last_exit": _last_exit(known.last_exit),
    }


def report(finished: RestartReport) -> dict[str, Any]:
    """Return the object of `restart --json`."""
    return reasons.report_fields(msgspec.to_builtins(finished))
