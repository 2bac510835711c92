"""Run a supervisor that fails on purpose: `python -m tests.support.supervisor.fault_points`, then its arguments.

    TEST_KILL_AT=POINT:N:WHEN   it kills itself (SIGKILL) at the N-th time of POINT, WHEN "before" or "after"
    TEST_RAISE_AT=POINT:FILE    it raises RuntimeError before POINT as long as FILE exists
    TEST_COUNT=FILE             it appends POINT to FILE each time one is passed
    TEST_CLOCK_FILE=FILE        its clock differs from the machine's by the seconds in FILE
    TEST_FREE_BYTES=N           it finds N bytes of free memory

A fault point is a function that changes something outside the process, see `_points`.
"""

from __future__ import annotations

import functools
import os
import runpy
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """Prepare this process, then run the supervisor in it."""
    if {"TEST_KILL_AT", "TEST_RAISE_AT", "TEST_COUNT"} & os.environ.keys():
        _mark_points()
    if "TEST_CLOCK_FILE" in os.environ:
        _shift_clock(Path(os.environ["TEST_CLOCK_FILE"]))
    if "TEST_FREE_BYTES" in os.environ:
        from supervisor.processes import memory

        memory.free_bytes = lambda: int(os.environ["TEST_FREE_BYTES"])
    runpy.run_module("supervisor", run_name="__main__", alter_sys=True)


def _points() -> dict[str, tuple[Any, str]]:
    from supervisor.control import server as control
    from supervisor.daemon import executor as hands
    from supervisor.processes import checks, process
    from supervisor.storage import cache_dirs as cache
    from supervisor.storage.append_file import AppendFile

    return {
        "journal": (AppendFile, "append"),
        "spawn": (process, "spawn"),
        "spawned": (hands.EffectExecutor, "_spawn"),
        "terminate": (process, "terminate"),
        "kill": (process, "kill_tree"),
        "bury": (hands.EffectExecutor, "reap_tree"),
        "switch": (cache, "rotate"),
        "prepare": (cache, "prepare"),
        "check": (checks.Checks, "start"),
        "ask": (control.ControlServer, "request"),
    }


def _mark_points() -> None:
    for point, (owner, name) in _points().items():
        setattr(owner, name, _marked(point, getattr(owner, name)))


def _marked(point: str, act: Callable[..., Any]) -> Callable[..., Any]:
    wanted, number, when = (os.environ.get("TEST_KILL_AT") or "::").split(":")
    raising, _, file_name = os.environ.get("TEST_RAISE_AT", "").partition(":")
    count = 0

    @functools.wraps(act)
    def marked(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if "TEST_COUNT" in os.environ:
            with open(os.environ["TEST_COUNT"], "a") as file:
                file.write(f"{point}\n")
        if point == raising and os.path.exists(file_name):
            raise RuntimeError(f"raised at {point}")
        is_due = point == wanted and count == int(number)
        if is_due and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = act(*args, **kwargs)
        if is_due:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return marked


def _shift_clock(file: Path) -> None:
    real = time.time
    time.time = lambda: real() + float(file.read_text())


if __name__ == "__main__":
    main()
