"""Processes: spawn, signal, reap, the whole tree, usage, identity. Carries out; decides nothing.

On Linux /proc is read directly: importing psutil would cost the supervisor 1.8 MiB for as long as it runs. Elsewhere
psutil serves.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from supervisor.client import TRACEBACK_SIGNAL
from supervisor.lifecycle.model import ProcessId

T = TypeVar("T")

_NAME: Final = "STOCKSUP_PROGRAM"
_PROC: Final = Path("/proc")
_HAS_PROC: Final = sys.platform == "linux"
#: a pid that no process has
NOBODY: Final = -1
#: how often what is left of a life is looked for, and killed
MAX_KILL_ROUNDS: Final = 20
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class _Stat(NamedTuple):
    state: str
    session: int
    ticks: int
    threads: int

    def has_ended(self) -> bool:
        """Tell whether nothing runs any more; what has ended only its first thread looks like a zombie too."""
        return self.state == "X" or (self.state == "Z" and self.threads <= 1)


class LifeProcess(NamedTuple):
    """A living life, found by its environment."""

    name: str
    number: int
    process: ProcessId


def _stat(pid: int) -> _Stat | None:
    """Return what the kernel tells of a process; None when there is none."""
    if not _HAS_PROC:
        return _stat_by_psutil(pid)
    try:
        # proc(5): after the name in brackets come state (3rd field), session (6th), threads (20th), start time (22nd)
        fields = _read(f"{_PROC}/{pid}/stat").rpartition(b")")[2].decode().split()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None  # it has ended, or is somebody else's where those are hidden (hidepid of proc(5))
    return _Stat(fields[0], int(fields[3]), int(fields[19]), int(fields[17]))


def _stat_by_psutil(pid: int) -> _Stat | None:
    import psutil

    try:
        process = psutil.Process(pid)
        state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "S"
        return _Stat(state, os.getsid(pid), int(process.create_time() * 100), 1)
    except (psutil.Error, ProcessLookupError):
        return None


def _session(pid: int) -> int | None:
    """Return the session of a process or zombie, by a system call that costs next to nothing; None without one."""
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _environ(pid: int) -> list[bytes]:
    """Return the environment a process was started with; empty when it cannot be read."""
    if not _HAS_PROC:
        import psutil

        try:
            return [f"{name}={value}".encode() for name, value in psutil.Process(pid).environ().items()]
        except psutil.Error:
            return []
    try:
        return _read(f"{_PROC}/{pid}/environ").split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []  # it has ended, or is somebody else's


def _pids() -> list[int]:
    if not _HAS_PROC:
        import psutil

        return psutil.pids()
    return [int(name) for name in _spare.use(lambda: os.listdir(_PROC)) if name.isdigit()]


class _Spare:
    """A descriptor that is kept for the moment in which there is no other: what lives must be known even then."""

    def __init__(self) -> None:
        self._fd: int | None = None

    def use(self, act: Callable[[], T]) -> T:
        """Return what `act` does, which opens one file at a time. Raises OSError."""
        if self._fd is None:
            self._fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return act()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            os.close(self._fd)
            self._fd = None
            return act()


_spare: Final = _Spare()


def _read(path: str) -> bytes:
    """Return what is in a file of /proc. Raises OSError."""

    def act() -> bytes:
        with open(path, "rb", buffering=0) as file:
            return file.readall()

    return _spare.use(act)


@cache
def boot_id() -> str:
    """Return what is different after each boot of the machine."""
    if not _HAS_PROC:
        import psutil

        return str(int(psutil.boot_time()))
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def identify(pid: int) -> ProcessId | None:
    """Return the identity of the process `pid`; None when there is none, or only its zombie."""
    stat = _stat(pid)
    return None if stat is None or stat.has_ended() else ProcessId(pid, stat.ticks, boot_id())


def is_alive(identity: ProcessId) -> bool:
    """Tell whether exactly this process is still there."""
    return identify(identity.pid) == identity


def argv(command: Sequence[str]) -> list[str]:
    """Return the words to run; a first word "python" is the running interpreter."""
    return [sys.executable if command[0] == "python" else command[0], *command[1:]]


def spawn(command: Sequence[str], environ: Mapping[str, str], cwd: Path, output: Path) -> int:
    """Start `command` in a session and group of its own, its output appended to the file `output`.

    Returns the pid; `reap` tells of its end. Raises OSError when it cannot be started.
    """
    log = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        child = subprocess.Popen(
            argv(command),
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    except ValueError as error:  # a path that cannot be one, such as one with a zero byte
        raise OSError(errno.EINVAL, str(error), str(cwd)) from error
    finally:
        os.close(log)
    child.returncode = 0  # so that nobody but `reap` waits for it
    return child.pid


def terminate(identity: ProcessId) -> None:
    """Send TERM to the group that the process leads, if it is still that process."""
    if is_alive(identity):
        _signal_group(identity.pid, signal.SIGTERM)


def ask_traceback(identity: ProcessId) -> None:
    """Have the process write down where it is, which it must have said that it does: else the signal ends it."""
    if is_alive(identity):
        try:
            os.kill(identity.pid, TRACEBACK_SIGNAL)
        except (ProcessLookupError, PermissionError):
            return  # it has just ended


def kill_tree(identity: ProcessId, marks: Mapping[str, str]) -> None:
    """Send KILL to the process and to all that came from it; see `remains`."""
    if is_alive(identity):
        _signal_group(identity.pid, signal.SIGKILL)
    kill_remains(identity.pid, marks)


def kill_remains(leader: int, marks: Mapping[str, str]) -> list[int]:
    """Send KILL to what is left of the life that `leader` led, until nothing is, or for a while; return the pids."""
    killed: list[int] = []
    for _ in range(MAX_KILL_ROUNDS):
        found = [pid for pid in remains(leader, marks) if _kill(pid)]
        killed += (pid for pid in found if pid not in killed)
        if not found:
            break  # else one of them may have started another one before it died
    return killed


def one_left(leader: int, marks: Mapping[str, str]) -> ProcessId | None:
    """Return a process that is still left of the life that `leader` led; None: there is none."""
    return next((one for pid in remains(leader, marks) if (one := identify(pid))), None)


def remains(leader: int, marks: Mapping[str, str]) -> Iterator[int]:
    """Yield the living processes in the session of `leader`, or with all of `marks` in their environment.

    The environment is inherited by whatever left session and group, and survives the death of its parent. A zombie
    has none any more. Members wait for this at a restart, so what each process of the machine costs counts.
    """
    wanted = [os.fsencode(f"{name}={value}") for name, value in marks.items()]
    own = os.getpid()
    for pid in _pids():
        session = _session(pid)
        if session is None or pid in (own, leader):
            continue
        if session == leader:
            if identify(pid) is not None:
                yield pid
        elif wanted and session != 0:  # session 0: the kernel's own
            environ = _environ(pid)
            if all(mark in environ for mark in wanted):
                yield pid


def lives(marks: Mapping[str, str]) -> list[LifeProcess]:
    """Return the living lives with all of `marks` in their environment, the oldest first."""
    found = []
    for pid in remains(NOBODY, marks):
        stat, identity, number, name = _stat(pid), identify(pid), _value(pid, "STOCKSUP_LIFE"), _value(pid, _NAME)
        if stat is not None and stat.session == pid and identity is not None and number.isdigit() and name:
            found.append(LifeProcess(name, int(number), identity))
    # what a life has started may lead a session as well
    oldest = {(life.name, life.number): life for life in sorted(found, key=lambda one: -one.process.ticks)}
    return sorted(oldest.values(), key=lambda life: life.process.ticks)


def find_life(marks: Mapping[str, str]) -> tuple[int, ProcessId] | None:
    """Return number and identity of the oldest living life with all of `marks` in its environment."""
    return next(((life.number, life.process) for life in lives(marks)), None)


def elsewhere(marks: Mapping[str, str], name: str, here: str) -> str | None:
    """Return the value of `name` in the environment of a living life with all of `marks` where it is not `here`."""
    for pid in remains(NOBODY, marks):
        if _value(pid, "STOCKSUP_LIFE").isdigit() and (found := _value(pid, name)) not in ("", here):
            return found
    return None


def _value(pid: int, name: str) -> str:
    """Return the value of a variable in the environment of a process; empty when it has none, or cannot be read."""
    mark = os.fsencode(f"{name}=")
    return next((os.fsdecode(one[len(mark) :]) for one in _environ(pid) if one.startswith(mark)), "")


def age_s(identity: ProcessId) -> float | None:
    """Return for how long the process has been there, in seconds that no clock moves; None when that is not known."""
    if not _HAS_PROC:
        return None
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - identity.ticks / os.sysconf("SC_CLK_TCK"))


def reap() -> Iterator[tuple[int, int | None, str | None]]:
    """Yield pid, exit code and name of the signal of each child that has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        yield pid, code if code >= 0 else None, signal.Signals(-code).name if code < 0 else None


def is_own(pid: int) -> bool:
    """Tell whether `pid` is a child of this process, alive or not yet reaped."""
    if not hasattr(os, "waitid"):
        return False  # its end is then told in two ways, and the second one counts for nothing
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def rss_bytes(pid: int) -> int | None:
    """Return the resident memory of the process in bytes, None when it is not there."""
    if not _HAS_PROC:
        import psutil

        try:
            return int(psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            return None
    try:
        return int(_read(f"{_PROC}/{pid}/statm").split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return None


def _kill(pid: int) -> bool:
    """Send KILL; return whether there was somebody to kill."""
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False  # it ended by itself meanwhile, or has become another user's
    return True


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return  # the group is gone, or has become another user's: nothing is left that could be told
