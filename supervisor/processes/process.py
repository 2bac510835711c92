"""Starts, signals, kills and reaps processes, and finds those that belong together."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.client import TRACEBACK_SIGNAL
from supervisor.config.files import open_regular
from supervisor.lifecycle.model import ProcessId
from supervisor.processes import commands, procfs

#: the script that passes sockets
_EXEC_WITH_SOCKETS: Final = Path(__file__).with_name("exec_with_sockets.py")
#: the number of a life; a foreign process may have anything in its environment
_LIFE_NUMBER: Final = re.compile(r"[0-9]{1,18}")
#: a pid that no process has
NO_PID: Final = -1
#: rounds in which `kill_descendants` looks for processes that were started while it killed others
MAX_KILL_ROUNDS: Final = 20


class LifeProcess(NamedTuple):
    """The process of a running life, found by its environment."""

    name: str
    number: int
    process: ProcessId


def spawn(
    command: Sequence[str], environ: Mapping[str, str], cwd: Path, output: Path | None, sockets: Sequence[int] = ()
) -> int:
    """Start `command` in its own session, with stdout and stderr appended to the file `output`, or without output.

    `sockets` are descriptors to pass; `environ` has LISTEN_FDS then, and the process adds LISTEN_PID. Returns the pid;
    `reap` reports its end. Raises OSError when it cannot be started.
    """
    if output is None:
        return spawn_into(command, environ, cwd, subprocess.DEVNULL, sockets)
    log = open_regular(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        return spawn_into(command, environ, cwd, log, sockets)
    finally:
        os.close(log)


def spawn_into(
    command: Sequence[str], environ: Mapping[str, str], cwd: Path, output: int, sockets: Sequence[int] = ()
) -> int:
    """Start `command` as `spawn` does, with the descriptor `output` as its stdout and stderr."""
    argv = commands.argv(command)
    if sockets:
        # isolated and without `site`: nothing of the program's environment changes it
        argv = [sys.executable, "-I", "-S", str(_EXEC_WITH_SOCKETS), ",".join(map(str, sockets)), *argv]
    try:
        child = subprocess.Popen(
            argv,
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=sockets,
        )
    except ValueError as error:  # an impossible path, such as one with a zero byte
        raise OSError(errno.EINVAL, str(error), str(cwd)) from error
    child.returncode = 0  # only `reap` may wait for it
    return child.pid


def terminate(identity: ProcessId) -> None:
    """Send TERM to the process group that the process leads, if it still runs."""
    if procfs.is_alive(identity):
        _signal_group(identity.pid, signal.SIGTERM)


def request_traceback(identity: ProcessId) -> None:
    """Have the process write tracebacks to its log. Only for one that handles the signal: others would end."""
    if procfs.is_alive(identity):
        try:
            os.kill(identity.pid, TRACEBACK_SIGNAL)
        except (ProcessLookupError, PermissionError):
            return  # it has just ended


def kill_tree(identity: ProcessId, env_markers: Mapping[str, str]) -> None:
    """Send KILL to the process and to its descendants, see `descendants`."""
    if procfs.is_alive(identity):
        _signal_group(identity.pid, signal.SIGKILL)
    kill_descendants(identity.pid, env_markers)


def kill_descendants(leader: int, env_markers: Mapping[str, str]) -> list[int]:
    """Send KILL to the descendants of `leader` until none is left, for `MAX_KILL_ROUNDS`; return their pids."""
    killed: list[int] = []
    for _round in range(MAX_KILL_ROUNDS):
        pids = [pid for pid in descendants(leader, env_markers) if _kill(pid)]
        killed += (pid for pid in pids if pid not in killed)
        if not pids:
            break  # otherwise one of them may have started another process before it died
    return killed


def first_descendant(leader: int, env_markers: Mapping[str, str]) -> ProcessId | None:
    """Return a descendant of `leader` that still runs; None without one."""
    return next((child for pid in descendants(leader, env_markers) if (child := procfs.identify(pid))), None)


def descendants(leader: int, env_markers: Mapping[str, str]) -> Iterator[int]:
    """Yield the running processes in the session of `leader`, or with all `env_markers` in their environment.

    A process that leaves session and group still inherits the environment, also after its parent has died. Members
    wait for this during a restart, so it must be cheap for each process of the host.
    """
    variables = [os.fsencode(f"{name}={value}") for name, value in env_markers.items()]
    own = os.getpid()
    for pid in procfs.list_pids():
        session = procfs.read_session(pid)
        if session is None or pid in (own, leader):
            continue
        if session == leader:
            if procfs.identify(pid) is not None:
                yield pid
        elif variables and session != 0:  # session 0 belongs to the kernel
            environ = procfs.read_environ(pid)
            if all(variable in environ for variable in variables):
                yield pid


def list_lives(env_markers: Mapping[str, str]) -> list[LifeProcess]:
    """Return the running lives with all `env_markers` in their environment, the oldest first."""
    return _without_children([life for pid in descendants(NO_PID, env_markers) if (life := _read_life(pid))])


def list_lives_by_socket() -> dict[str, list[LifeProcess]]:
    """Return all running lives by the path of their supervisor's control socket, the oldest first."""
    found: dict[str, list[LifeProcess]] = {}
    for pid in procfs.list_pids():
        # a life leads its session
        if procfs.read_session(pid) == pid and (life := _read_life(pid)) is not None:
            found.setdefault(procfs.read_env_value(pid, "STOCKSUP_SOCKET"), []).append(life)
    return {socket: _without_children(lives) for socket, lives in found.items() if socket}


def _without_children(lives: Sequence[LifeProcess]) -> list[LifeProcess]:
    # a process that a life started may lead a session as well, and has the same environment
    oldest = {(life.name, life.number): life for life in sorted(lives, key=lambda life: -life.process.ticks)}
    return sorted(oldest.values(), key=lambda life: life.process.ticks)


def _read_life(pid: int) -> LifeProcess | None:
    stat, identity = procfs.read_stat(pid), procfs.identify(pid)
    number, name = procfs.read_env_value(pid, "STOCKSUP_LIFE"), procfs.read_env_value(pid, "STOCKSUP_PROGRAM")
    if stat is None or stat.session != pid or identity is None or not _LIFE_NUMBER.fullmatch(number) or not name:
        return None
    return LifeProcess(name, int(number), identity)


def find_life(env_markers: Mapping[str, str]) -> tuple[int, ProcessId] | None:
    """Return number and process of the newest running life with all `env_markers`; None without one."""
    newest = max(list_lives(env_markers), key=lambda life: life.number, default=None)
    return None if newest is None else (newest.number, newest.process)


def find_env_value(env_markers: Mapping[str, str], name: str, *, other_than: str) -> str | None:
    """Return the value of `name` in a running life with all `env_markers`, if it differs from `other_than`."""
    for pid in descendants(NO_PID, env_markers):
        is_life = procfs.read_env_value(pid, "STOCKSUP_LIFE").isdigit()
        if is_life and (value := procfs.read_env_value(pid, name)) not in ("", other_than):
            return value
    return None


def reap() -> Iterator[tuple[int, int | None, str | None]]:
    """Yield pid, exit code and signal name of each child that has ended; code or signal is None."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        yield pid, code if code >= 0 else None, signal_name(-code) if code < 0 else None


def signal_name(number: int) -> str:
    """Return the name of a signal, as kill(1) prints it; `signal.Signals` lacks most real-time signals."""
    try:
        return signal.Signals(number).name
    except ValueError:
        first = getattr(signal, "SIGRTMIN", number)
        return f"SIGRTMIN+{number - first}" if number > first else f"SIG{number}"


def is_own_child(pid: int) -> bool:
    """Return whether `pid` is a child of this process, running or not yet reaped."""
    if not hasattr(os, "waitid"):
        return False  # its end is then reported twice, and the second report changes nothing
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _kill(pid: int) -> bool:
    """Send KILL; return whether there was such a process."""
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False  # it has ended meanwhile, or the pid belongs to another user now
    return True


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return  # the group has ended, or the number belongs to another user now
