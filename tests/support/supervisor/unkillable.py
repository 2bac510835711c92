"""Real processes that do not go when they should: one that KILL does not end, and zombies."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_SEIZE, _DETACH, _TRACE_EXIT = 0x4206, 17, 0x40
_SET_CHILD_SUBREAPER = 36


@contextmanager
def unkillable(pid: int) -> Iterator[None]:
    """Keep the process `pid` from ending, as one that sleeps in the kernel for ever; at the end it is let go.

    It is traced, and stops on its way out (PTRACE_O_TRACEEXIT of ptrace(2)): it keeps its pid, its session and its
    place in the list of processes, and no signal moves it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    assert libc.ptrace(_SEIZE, pid, 0, _TRACE_EXIT) == 0, f"cannot trace {pid}: errno {ctypes.get_errno()}"
    try:
        yield
    finally:
        libc.ptrace(_DETACH, pid, 0, 0)  # nothing to let go if it has not been on its way


@contextmanager
def keeper_of_zombies() -> Iterator[None]:
    """Be the parent of all orphans, as process 1 of a container is, and bury them only at the end."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    before = set(_children())
    try:
        yield
    finally:
        libc.prctl(_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        for pid in set(_children()) - before:
            os.waitpid(pid, os.WNOHANG)


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]
