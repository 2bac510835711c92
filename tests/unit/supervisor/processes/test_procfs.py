"""What the kernel tells about processes."""

from __future__ import annotations

import os
import time

import psutil
import pytest

from supervisor.lifecycle.model import ProcessId
from supervisor.processes import procfs


def test_cpu_time_and_age_of_a_process() -> None:
    myself = procfs.identify(os.getpid())
    assert myself is not None
    used_s, age_s = procfs.cpu_and_age_s(myself)
    assert used_s == pytest.approx(time.process_time(), abs=0.5)
    assert age_s == pytest.approx(time.time() - psutil.Process().create_time(), abs=2.0)


def test_a_process_that_has_ended_has_no_cpu_time() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    assert procfs.cpu_and_age_s(ProcessId(pid, 1, procfs.boot_id()))[0] is None
