"""Texts of the codes that the state machine produces. Pure.

`lifecycle` says why something happened as a code with parameters, and the journal keeps that. Here it becomes a
sentence, in the reader's language: in the log, in an alert, in a command.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from supervisor.locale import N_, _, format_number
from supervisor.locale.third_party import translate_os_error

#: why something happened or failed
REASONS: Final = {
    # the words of a person or of another program
    "text": "%(text)s",
    # how a process ended
    "exit": "exit %(code)s",
    "signal": N_("signal %(name)s"),
    "exit_unknown": N_("exit unknown"),
    "exit_with_reason": "%(exit)s: %(reason)s",
    "exited": N_("exited by itself (%(exit)s)"),
    "crash": N_("crash (%(exit)s)"),
    "access_refused": N_("exit %(code)s: access was refused"),
    "bad_config": N_("exit %(code)s: the configuration is invalid"),
    # why it was killed, or is to be restarted
    "hung": N_("no heartbeat for %(time_s)s s"),
    "memory": N_("uses %(used_mib)s MiB of memory; memory_max is %(limit_mib)s MiB"),
    "errors": N_("%(count)s errors within %(time_s)s s; max_errors is %(limit)s"),
    "unhealthy": N_("unhealthy for %(time_s)s s: %(parts)s"),
    "start_timeout": N_("not ready within %(time_s)s s"),
    "stop_timeout": N_("did not exit within %(time_s)s s of SIGTERM"),
    "process_left": N_("left PID %(pid)s running"),
    "still_running": N_("still running when the next process was about to start"),
    "unexpected_process": N_("no longer wanted when it had started"),
    "stop_requested": N_("stop requested"),
    "schedule": N_("every day at %(time)s"),
    "service_restarted": N_("the service was restarted"),
    "upgraded": N_("upgraded to %(version)s"),
    # why nothing more is tried
    "crash_limit": N_("gave up after %(count)s crashes within %(time_s)s s; last: %(reason)s"),
    "recovery_limit": N_("gave up after %(count)s restarts within an hour; last reason: %(reason)s"),
    "start_limit": N_("%(count)s starts within a day; max_starts_per_day is %(limit)s"),
    "unkillable": N_(
        "PID %(pid)s of process %(life)s cannot be killed (uninterruptible sleep?); no process starts until it exits"
    ),
    # why a restart failed
    "check_failed": "%(problem)s",
    "refused": "%(problem)s",
    "start_failed": "%(problem)s",
    "interrupted": N_("the supervisor was killed during the check"),
    "stopped": N_("the program was stopped meanwhile"),
    "prepare_failed": N_("the next process cannot serve (%(problem)s); the old one goes on"),
    "handover_failed": N_("the next process failed (%(problem)s); the old one serves again"),
    # why a restart was made without a hand-over
    "memory_low": N_("not enough free memory for two processes: %(free_mib)s MiB, %(needed_mib)s MiB are needed"),
    "not_connected": N_("the old process is not connected to the supervisor"),
    # what went wrong in a single step
    "prepare_timeout": N_("not prepared within %(time_s)s s"),
    "cannot_start": N_("cannot start %(command)s: %(os_error)s (%(path)s); correct [programs.%(program)s]"),
    "no_directory": N_(
        "cannot start %(command)s: the directory %(path)s does not exist; correct [programs.%(program)s] cwd"
    ),
    "cannot_enter": N_(
        "cannot start %(command)s: the directory %(path)s is not accessible; correct its permissions, "
        "or [programs.%(program)s] cwd"
    ),
    "no_such_program": N_(
        "cannot start %(command)s: there is no such program; install it, or correct [programs.%(program)s]"
    ),
    "no_script": N_("cannot start %(command)s: there is no file %(path)s; correct [programs.%(program)s]"),
    "not_executable": N_("cannot start %(command)s: %(path)s is not executable; run: chmod +x %(path)s"),
    "not_a_program": N_("cannot start %(command)s: %(path)s is not a program; correct [programs.%(program)s]"),
    "windows_line_end": N_(
        "cannot start %(command)s: the first line of %(path)s has a Windows line end (CRLF); "
        "save the file with Unix line ends (LF)"
    ),
    "no_interpreter": N_(
        "cannot start %(command)s: there is no %(interpreter)s, which the first line of %(path)s names; "
        "install it, or correct that line"
    ),
    "address_in_use": N_(
        "cannot listen on %(address)s: another program uses this address; stop that program, "
        "or change [programs.%(program)s] listen"
    ),
    "address_exists": N_(
        "cannot listen on %(address)s: there is a file, a link or another user's socket; remove it, "
        "or change [programs.%(program)s] listen"
    ),
    "port_privileged": N_(
        "cannot listen on %(address)s: ports below 1024 need a privilege; "
        "change [programs.%(program)s] listen to a port from 1024, or grant CAP_NET_BIND_SERVICE"
    ),
    "cannot_listen": N_(
        "cannot listen on %(address)s: %(os_error)s; correct [programs.%(program)s] listen, or what it names"
    ),
    "check_timeout": N_("the check did not end within %(time_s)s s"),
    "check_silent": N_("the check ended without output (%(exit)s)"),
    "disk_free": N_("free: %(free_mib)s MiB"),
    "flush_timeout": N_("not done within %(time_s)s s"),
    "os_error": "%(path)s: %(os_error)s",
}

#: lines of the supervisor's log about one program
LOG_LINES: Final = {
    "ready": N_("process %(life)s: ready"),
    "life_exited": N_("process %(life)s: exited unexpectedly (%(exit)s)"),
    "recovery": N_("process %(life)s: restart requested (%(reason)s)"),
    "restart_cold": N_("restart: without a hand-over (%(reason)s)"),
    "standby_lost": N_("process %(life)s: ended before the next one had proved itself (%(exit)s)"),
    "standby_unkillable": "%(reason)s",
    "retired": N_("process %(life)s: retired (%(exit)s)"),
    "restart_cancelled": N_("restart: cancelled (%(reason)s)"),
    "work_cancelled": N_("process %(life)s: drained; cancelled: %(names)s"),
    "drain_timeout": N_("process %(life)s: not drained within %(time_s)s s; cancelled: %(names)s"),
    "traceback_requested": N_("process %(life)s: hung (%(reason)s); its log shows where"),
    "killed": N_("process %(life)s: killed (%(reason)s)"),
    "unkillable_exited": N_("process %(life)s: exited at last"),
    "flush_failed": N_("cache: not flushed (%(problem)s); process %(life)s starts without it"),
    "gave_up": N_("failed, not started again: %(reason)s"),
}

#: in a message: the fields with a text, with its code, and with the parameters of the code
_TEXTS: Final = (
    ("reason", "reason_code", "reason_params"),
    ("problem", "error", "error_params"),
    ("cold_problem", "cold_reason", "cold_params"),
)
_TEMPLATES: Final = {**REASONS, **LOG_LINES}


class Coded(Protocol):
    """A code with its parameters, such as `lifecycle.model.Reason`."""

    @property
    def code(self) -> str:
        """Return the code."""

    @property
    def params(self) -> Mapping[str, Any]:
        """Return the parameters; a value may be a code with parameters of its own."""


def describe(reason: Coded | Mapping[str, Any]) -> str:
    """Return the text of a code with parameters: an object, or one that was read from JSON.

    A code that a newer version has written into a file is shown as it is.
    """
    try:
        return _translate(reason, describe)
    except (KeyError, TypeError, ValueError):
        return str(reason["code"] if isinstance(reason, Mapping) else reason.code)


def _translate(reason: Coded | Mapping[str, Any], describe_nested: Callable[[Any], str]) -> str:
    """Return the text of a code. Raises KeyError, TypeError or ValueError if the code or its parameters are unknown."""
    code, params = (reason["code"], reason["params"]) if isinstance(reason, Mapping) else (reason.code, reason.params)
    return _(_TEMPLATES[code]) % {name: _describe_value(name, value, describe_nested) for name, value in params.items()}


def _translate_strictly(reason: Coded | Mapping[str, Any]) -> str:
    return _translate(reason, _translate_strictly)


def reason_fields(reason: Coded | Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a reason as the fields of a JSON object: its text in the language in use, its code and parameters.

    The code is None if the reason is the requester's own words, which need no translation.
    """
    if reason is None:
        return {"reason": None, "reason_code": None, "reason_params": {}}
    code, params = (reason["code"], reason["params"]) if isinstance(reason, Mapping) else (reason.code, reason.params)
    own_words = code == "text"
    return {
        "reason": describe(reason),
        "reason_code": None if own_words else code,
        "reason_params": {} if own_words else params,
    }


def report_fields(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a restart report, as the history keeps it, as `restart --json` shows it."""
    error = report["error"]
    # what a check wrote is the text itself: it needs no translation, and is not sent twice
    params = error["params"] if error else {}
    problem = params.get("problem")
    is_own_words = isinstance(problem, Mapping) and problem["code"] == "text"
    cold = report.get("cold_reason")
    return {
        **report,
        "cold_reason": cold and cold["code"],
        "cold_params": cold["params"] if cold else {},
        "cold_problem": describe(cold) if cold else None,
        **reason_fields(report["reason"]),
        "error": error and error["code"],
        "error_params": {name: value for name, value in params.items() if not is_own_words or name != "problem"},
        "problem": describe(error) if error else None,
    }


def localize(value: Any) -> Any:
    """Return a message of the supervisor with the texts of its codes in the language in use.

    A code that is unknown here (the supervisor is of another version) keeps the supervisor's own text.
    """
    if isinstance(value, list):
        return [localize(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {name: localize(item) for name, item in value.items()}
    for text, code, params in _TEXTS:
        if isinstance(value.get(code), str) and isinstance(value.get(params), dict):
            with contextlib.suppress(KeyError, TypeError, ValueError):
                result[text] = _translate_strictly({"code": value[code], "params": value[params]})
    return result


def _describe_value(name: str, value: Any, describe_nested: Callable[[Any], str]) -> str:
    if isinstance(value, Mapping) or hasattr(value, "params"):
        return describe_nested(value)
    if name == "os_error":
        return translate_os_error(value)
    if isinstance(value, float):
        return format_number(value)
    return str(value)
