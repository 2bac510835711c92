"""Checks as processes: a check that was killed has no result."""

from __future__ import annotations

import os
import selectors
from pathlib import Path

import pytest

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle.model import text_reason
from supervisor.processes.checks import RESTART, CheckResult, Checks
from supervisor.processes.listeners import Listeners


@pytest.mark.parametrize("has_ended", [True, False])
def test_check_that_is_killed_has_no_result(tmp_path: Path, has_ended: bool) -> None:
    selector = selectors.DefaultSelector()
    checks = Checks(
        InstancePaths(tmp_path),
        selector,
        lambda name, program: dict(os.environ),
        lambda program: tmp_path,
        lambda name, command, error: text_reason(str(error)),
        Listeners(lambda level, line: None),
    )
    results: list[CheckResult] = []
    command = ("true",) if has_ended else ("sleep", "60")
    assert checks.start("bot", Program(check=command), RESTART, results.append) is None
    (pid,) = checks._running
    if has_ended:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it stays to be reaped
    checks.kill("bot", RESTART)
    os.waitpid(pid, 0)
    assert checks.on_exit(pid, 0, None)
    assert results == []
    assert not selector.get_map()
    selector.close()
