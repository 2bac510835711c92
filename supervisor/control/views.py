"""Turns the state of programs into the objects of `status`, `events` and `restart`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from supervisor import __version__
from supervisor.lifecycle.health import is_late, unhealthy_parts
from supervisor.lifecycle.model import ExitStatus, Instant, ProcessId, ProgramState, RestartReport, Standby, State
from supervisor.lifecycle.restart_policy import recent_crashes
from supervisor.lifecycle.standby import is_next
from supervisor.locale import reasons

#: states in which a life runs
_LIVING = frozenset({State.STARTING, State.RUNNING, State.DRAINING, State.STOPPING, State.KILLING})


def status(
    programs: Mapping[str, ProgramState],
    *,
    pid: int,
    started: Instant,
    now: Instant,
    problems: Mapping[str, str],
    config_changed: bool,
    files_changed: bool,
    upgraded: dict[str, Any] | None,
    rss_bytes: Callable[[int], int | None],
    cpu: Callable[[ProcessId], tuple[float | None, float | None]],
    restarts_today: Mapping[str, int],
    addresses: Callable[[str, Sequence[str]], list[str]],
) -> dict[str, Any]:
    """Return the object of `status --json`.

    Args:
        programs: the state of each program.
        pid: the pid of the supervisor.
        started: when the supervisor started.
        now: the time.
        problems: what fails in the supervisor itself, and why.
        config_changed: whether the configuration file has changed since it was read.
        files_changed: whether the supervisor's code has changed since it started.
        upgraded: the upgrade that started this supervisor, if one did.
        rss_bytes: returns the resident memory of a process.
        cpu: returns the CPU time that a process has used, and its age, in seconds; None where unknown.
        restarts_today: how many restarts of today succeeded, by program.
        addresses: returns where a program listens, by its name and the addresses that its process may hold.
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
            "files_changed": files_changed,
            "upgraded": upgraded,
        },
        "programs": [
            _program(state, now, rss_bytes)
            | _cpu(*(cpu(state.child) if state.child else (None, None)))
            | {"restarts_today": restarts_today.get(state.name, 0)}
            | ({"listen": addresses(state.name, _wanted(state))} if state.settings.listen else {})
            for state in programs.values()
        ],
    }


def _program(state: ProgramState, now: Instant, rss_bytes: Callable[[int], int | None]) -> dict[str, Any]:
    second = state.standby
    is_running = state.child is not None and state.state in _LIVING
    return {
        "name": state.name,
        "desired": state.desired.value,
        "state": state.state.value,
        "pid": state.child.pid if state.child else None,
        "life": state.life.number,
        "prepared": _standby(second, rss_bytes) if second is not None and is_next(state) else None,
        "retiring": _standby(second, rss_bytes) if second is not None and not is_next(state) else None,
        "uptime_s": round(now.mono_s - state.life.started_s, 3)
        if is_running and state.life.started_at is not None
        else None,
        "restarts": state.restarts,
        "rss_bytes": rss_bytes(state.child.pid) if state.child else None,
        "last_exit": _last_exit(state.last_exit),
        "recent_crashes": len(recent_crashes(state, now)),
        "crash_window_s": state.settings.crash_window_s,
        "health": state.life.health or {},
        "unhealthy": list(unhealthy_parts(state.life.health)),
        **_heartbeat(state, now),
        "linked": state.life.linked,
        "version": state.life.version,
        "files_changed": _have_files_changed(state),
        "pending": list(state.life.pending),
        **reasons.reason_fields(state.reason),
        "restart": restart(state),
        "retry_in_s": _retry_in_s(state, now),
    }


def _cpu(cpu_s: float | None, age_s: float | None) -> dict[str, float | None]:
    """Return the CPU time of a process in seconds, and its mean use of one processor since the process began."""
    percent = round(100 * cpu_s / age_s, 1) if cpu_s is not None and age_s else None
    return {"cpu_s": None if cpu_s is None else round(cpu_s, 2), "cpu_percent": percent}


def _standby(standby: Standby, rss_bytes: Callable[[int], int | None]) -> dict[str, Any]:
    """Return the second process of a program."""
    child = standby.child
    return {
        "life": standby.life.number,
        "pid": child.pid if child else None,
        "state": standby.state.value,
        "rss_bytes": rss_bytes(child.pid) if child else None,
        "linked": standby.life.linked,
        "pending": list(standby.life.pending),
    }


def _have_files_changed(state: ProgramState) -> bool:
    """Return whether the life says that its code has changed since it started."""
    part = (state.life.health or {}).get("files")
    return isinstance(part, dict) and part.get("changed") is True


def _wanted(state: ProgramState) -> tuple[str, ...]:
    return state.settings.listen if state.child else ()


def _heartbeat(state: ProgramState, now: Instant) -> dict[str, Any]:
    """Return the age of the last heartbeat of a running life, and whether it is late; null where unknown."""
    if state.state is not State.RUNNING or state.life.last_seen_s is None:
        return {"heartbeat_age_s": None, "heartbeat_late": None}
    heartbeat_late = is_late(state.life.last_seen_s, state.settings.heartbeat_timeout_s, now.mono_s)
    return {"heartbeat_age_s": round(now.mono_s - state.life.last_seen_s, 3), "heartbeat_late": heartbeat_late}


def restart(state: ProgramState) -> dict[str, Any] | None:
    """Return the restart in progress, as in `status --json`; None without one."""
    if state.restart is None:
        return None
    return {
        "phase": phase(state),
        "requested_by": state.restart.requested_by,
        **reasons.reason_fields(state.restart.reason),
    }


def _last_exit(last_exit: ExitStatus | None) -> dict[str, Any] | None:
    if last_exit is None:
        return None
    return {**msgspec.structs.asdict(last_exit), **reasons.reason_fields(last_exit.reason)}


def _retry_in_s(state: ProgramState, now: Instant) -> float | None:
    if state.state is not State.BACKOFF or state.deadline_s is None:
        return None
    return round(max(0.0, state.deadline_s - now.mono_s), 3)


def phase(state: ProgramState) -> str | None:
    """Return the phase of the restart under way; None without one."""
    if state.restart is None:
        return None
    if state.state is State.RUNNING:
        is_checking = state.restart.check_deadline_s is not None
        return "check" if is_checking else "prepare" if is_next(state) else "wait"
    if state.state is State.STARTING and state.life.needs_serve:
        return "serve"
    return {
        State.DRAINING: "quiesce" if state.restart.quiesces else "drain",
        State.STOPPING: "stop",
        State.KILLING: "stop",
        State.FLUSHING: "flush",
        State.BACKOFF: "wait",
    }.get(state.state, "start")


def change(state: ProgramState) -> dict[str, Any]:
    """Return the fields of a `state` event."""
    return {
        "program": state.name,
        "state": state.state.value,
        "life": state.life.number,
        **reasons.reason_fields(state.reason),
        "last_exit": _last_exit(state.last_exit),
    }


def report(finished: RestartReport) -> dict[str, Any]:
    """Return the object of `restart --json`."""
    return reasons.report_fields(msgspec.to_builtins(finished))
