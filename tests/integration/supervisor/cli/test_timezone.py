"""Times are shown in the zone of the configuration; what runs keeps the one it inherits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.supervisor.command_line import Instance

TELLS = """
import json, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print(json.dumps(os.environ.get("TZ")), flush=True)
signal.sigwait({signal.SIGTERM})
"""


@pytest.mark.parametrize("inherited", ["", "Europe/Berlin"])
def test_marks_the_own_log_and_history(tmp_path: Path, inherited: str) -> None:
    one = Instance(tmp_path)
    (tmp_path / "stays.py").write_text(TELLS)
    config = tmp_path / "config.toml"
    config.write_text('timezone = "Asia/Tokyo"\n' + config.read_text())
    environ = {"TZ": inherited} if inherited else {}
    try:
        assert one.run("start", **environ).returncode == 0
        assert one.run("restart", **environ).returncode == 0
        assert " JST  " in one.run("history", **environ).stdout
    finally:
        one.run("stop", **environ)
    logs = tmp_path / "state" / "logs"
    lines = (logs / "bot.log").read_text().splitlines()
    assert all("+0900" in line for line in lines if line.startswith("---"))
    assert [json.loads(line) for line in lines if not line.startswith("---")] == [inherited or None] * 2
    assert all("+0900" in line for line in (logs / "supervisor.log").read_text().splitlines())
