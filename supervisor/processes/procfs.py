"""Reads what the kernel tells about processes.

On Linux it reads /proc itself: importing psutil would cost the supervisor 1.8 MiB for as long as it runs. Other
systems use psutil.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from supervisor.lifecycle.model import ProcessId

T = TypeVar("T")

_PROC: Final = Path("/proc")
_HAS_PROC: Final = sys.platform == "linux"
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class ProcessStat(NamedTuple):
    """The state of a process."""

    state: str
    session: int
    #: start time in clock ticks since boot
    ticks: int
    threads: int
    #: CPU time that it has used, in clock ticks
    cpu_ticks: int

    def has_ended(self) -> bool:
        """Return whether nothing of it runs. A process whose first thread has ended looks like a zombie as well."""
        return self.state == "X" or (self.state == "Z" and self.threads <= 1)


def read_stat(pid: int) -> ProcessStat | None:
    """Return the state of a process or zombie; None without one."""
    if not _HAS_PROC:
        return _read_stat_with_psutil(pid)
    try:
        # proc(5): after the name in brackets come state (3rd field), session (6th), CPU time as a user and in the
        # kernel (14th, 15th), threads (20th), start time (22nd)
        fields = _read_file(f"{_PROC}/{pid}/stat").rpartition(b")")[2].decode().split()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None  # it has ended, or belongs to another user and is hidden (hidepid of proc(5))
    cpu_ticks = int(fields[11]) + int(fields[12])
    return ProcessStat(fields[0], int(fields[3]), int(fields[19]), int(fields[17]), cpu_ticks)


def _read_stat_with_psutil(pid: int) -> ProcessStat | None:
    import psutil

    try:
        process = psutil.Process(pid)
        state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "S"
        times = process.cpu_times()
        cpu_ticks = int((times.user + times.system) * _TICKS_PER_S)
        return ProcessStat(state, os.getsid(pid), int(process.create_time() * 100), 1, cpu_ticks)
    except (psutil.Error, ProcessLookupError):
        return None


def read_session(pid: int) -> int | None:
    """Return the session of a process or zombie; None without one. Much cheaper than `read_stat`."""
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def read_environ(pid: int) -> list[bytes]:
    """Return the environment that a process was started with, as `NAME=value`; empty when it cannot be read."""
    if not _HAS_PROC:
        import psutil

        try:
            return [f"{name}={value}".encode() for name, value in psutil.Process(pid).environ().items()]
        except psutil.Error:
            return []
    try:
        return _read_file(f"{_PROC}/{pid}/environ").split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []  # it has ended, or belongs to another user


def read_env_value(pid: int, name: str) -> str:
    """Return the value of a variable in the environment of a process; empty without one."""
    prefix = os.fsencode(f"{name}=")
    values = (os.fsdecode(variable[len(prefix) :]) for variable in read_environ(pid) if variable.startswith(prefix))
    return next(values, "")


def read_command(pid: int) -> list[str]:
    """Return the words of the command that a process runs; empty when they cannot be read."""
    if not _HAS_PROC:
        import psutil

        try:
            return psutil.Process(pid).cmdline()
        except psutil.Error:
            return []
    try:
        return os.fsdecode(_read_file(f"{_PROC}/{pid}/cmdline")).removesuffix("\0").split("\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []  # it has ended, or belongs to another user and is hidden


def find_open_file(pid: int, name: str) -> Path | None:
    """Return the path of an open file of a process with this name; None without one, or when it cannot be read."""
    if not _HAS_PROC:
        import psutil

        try:
            paths = [Path(file.path) for file in psutil.Process(pid).open_files()]
        except psutil.Error:
            return None
        return next((path for path in paths if path.name == name), None)
    descriptors = f"{_PROC}/{pid}/fd"
    try:
        for number in os.listdir(descriptors):
            try:
                path = Path(os.readlink(f"{descriptors}/{number}").removesuffix(" (deleted)"))
            except FileNotFoundError:
                continue  # closed meanwhile
            if path.name == name:
                return path
    except OSError:
        return None  # it has ended, or belongs to another user
    return None


def owner_of(pid: int) -> int | None:
    """Return the id of the user that a process belongs to; None without one."""
    if not _HAS_PROC:
        import psutil

        try:
            return int(psutil.Process(pid).uids().effective)
        except psutil.Error:
            return None
    try:
        return os.stat(f"{_PROC}/{pid}").st_uid
    except OSError:
        return None


def list_pids() -> list[int]:
    """Return the pids of all processes."""
    if not _HAS_PROC:
        import psutil

        return psutil.pids()
    return [int(name) for name in _spare.use(lambda: os.listdir(_PROC)) if name.isdigit()]


@cache
def boot_id() -> str:
    """Return an id of the present boot of the host."""
    if not _HAS_PROC:
        import psutil

        return str(int(psutil.boot_time()))
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def identify(pid: int) -> ProcessId | None:
    """Return the identity of the running process `pid`; None without one, or for a zombie."""
    stat = read_stat(pid)
    return None if stat is None or stat.has_ended() else ProcessId(pid, stat.ticks, boot_id())


def is_alive(identity: ProcessId) -> bool:
    """Return whether exactly this process still runs."""
    return identify(identity.pid) == identity


def age_s(identity: ProcessId) -> float | None:
    """Return the age of a process in seconds; None where it is unknown."""
    if not _HAS_PROC:
        return None
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - identity.ticks / _TICKS_PER_S)


def cpu_and_age_s(identity: ProcessId) -> tuple[float | None, float | None]:
    """Return the CPU time that a process has used, and its age, in seconds; None where unknown."""
    stat = read_stat(identity.pid)
    return None if stat is None else stat.cpu_ticks / _TICKS_PER_S, age_s(identity)


def rss_bytes(pid: int) -> int | None:
    """Return the resident memory of a process in bytes; None without one."""
    if not _HAS_PROC:
        import psutil

        try:
            return int(psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            return None
    try:
        return int(_read_file(f"{_PROC}/{pid}/statm").split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return None


class _SpareDescriptor:
    """A descriptor to close when there are no others left: running processes must be found even then."""

    def __init__(self) -> None:
        self._fd: int | None = None

    def use(self, act: Callable[[], T]) -> T:
        """Return the result of `act`, which opens one file at a time. Raises OSError."""
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


_spare: Final = _SpareDescriptor()


def _read_file(path: str) -> bytes:
    """Return the content of a file of /proc. Raises OSError."""

    def read() -> bytes:
        with open(path, "rb", buffering=0) as file:
            return file.readall()

    return _spare.use(read)
