"""The memory of the machine: how much is free, and which process the kernel ends first when there is none left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from supervisor.lifecycle.model import Reason

#: a second process may need more than the first uses now: it loads while the first serves
HEADROOM: Final = 1.3
#: added to the score by which the kernel chooses the process that it ends, of 1000 (proc_pid_oom_score_adj(5))
PREFERENCE: Final = 500

_CGROUPS: Final = Path("/sys/fs/cgroup")


def find_problem(used_bytes: int | None, free_bytes: int | None) -> Reason | None:
    """Return why a second process of a program that uses `used_bytes` does not fit into the memory, or None. Pure."""
    if used_bytes is None or free_bytes is None or free_bytes >= HEADROOM * used_bytes:
        return None
    return Reason("memory_low", {"free_mib": free_bytes >> 20, "needed_mib": int(HEADROOM * used_bytes) >> 20})


def free_bytes() -> int | None:
    """Return the memory that a new process can use: of the machine, and of the control groups that limit this one."""
    own = [limit - used for limit, used in _limits()]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        own += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError):
        return None  # another system
    return min(own, default=None)


def _limits() -> Iterator[tuple[int, int]]:
    """Yield limit and use of the control groups (version 2) of this process that have a limit."""
    try:
        name = next(line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return
    group = _CGROUPS / name.strip().lstrip("/")
    while group.is_relative_to(_CGROUPS):
        with suppress(OSError, ValueError):  # no limit is the word "max"; the root group has no such file
            limit = int((group / "memory.max").read_text())
            used = int((group / "memory.current").read_text()) - _reclaimable_bytes(group)
            yield limit, used
        group = group.parent


def _reclaimable_bytes(group: Path) -> int:
    """Return the part of the page cache that the kernel gives up first. Raises OSError, ValueError."""
    lines = (group / "memory.stat").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0)


def prefer_to_kill(pid: int) -> None:
    """Have the kernel end this process before others when memory runs out."""
    _write_score(pid, min(1000, _own_score() + PREFERENCE))


def restore_preference(pid: int) -> None:
    """Take back what `prefer_to_kill` did."""
    _write_score(pid, _own_score())


def _own_score() -> int:
    try:
        return int(Path(f"/proc/{os.getpid()}/oom_score_adj").read_text())
    except (OSError, ValueError):
        return 0


def _write_score(pid: int, score: int) -> None:
    with suppress(OSError):  # the process has ended, or the system has no such file
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(score))
