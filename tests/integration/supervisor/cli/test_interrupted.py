"""Ctrl-C: every command ends at once, without a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.cli import exit_codes
from supervisor.client import open_socket
from tests.support.supervisor.command_line import Instance

PATIENCE_S = 30.0
#: sends the signal at the first call of a function, wherever that is: deterministic, unlike a pause
INTERRUPT = """
import os, signal, sys, importlib
place, function = {at!r}.rsplit(".", 1)
module = importlib.import_module(place)
original = getattr(module, function)
def interrupted(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGINT)
    return original(*args, **kwargs)
setattr(module, function, interrupted)
sys.argv = ["stocksup", *{words!r}]
from supervisor.cli import main
sys.exit(main())
"""


def interrupt(directory: Path, at: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command that gets SIGINT when it calls the function `at`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STOCKSUP")}
    return subprocess.run(
        [sys.executable, "-c", INTERRUPT.format(at=at, words=words)],
        cwd=directory, env=environ, timeout=PATIENCE_S, text=True, check=False,
        stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("supervisor.locale.use", ("status",)),
        ("supervisor.configfile.read_toml", ("check",)),
        ("supervisor.client.open_socket", ("status",)),
        ("supervisor.client.open_socket", ("start",)),
        ("time.sleep", ("logs", "-f")),
        ("importlib.metadata.entry_points", ("data", "verify")),
        ("botapp.config.loading.load", ("data", "verify")),
    ],
)
def test_no_traceback(tmp_path: Path, at: str, words: tuple[str, ...]) -> None:
    (tmp_path / "config.toml").write_text('language = "en"\n')
    done = interrupt(tmp_path, at, *words)
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr
    assert done.returncode in (exit_codes.INTERRUPTED, -signal.SIGINT, exit_codes.NOT_RUNNING), done.stderr


@pytest.mark.parametrize("words", [("status",), ("start",), ("reload",)])
def test_waiting_for_a_supervisor_that_hangs(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "config.toml").write_text('language = "en"\n')
    (tmp_path / "state").mkdir()
    with open_socket(tmp_path / "state/stocksup.sock", listen=True):
        done = interrupt(tmp_path, "supervisor.client.encode", *words)
    assert (done.returncode, done.stdout) == (exit_codes.INTERRUPTED, "")
    assert all(line.startswith("stocksup: interrupted") for line in done.stderr.split("\n") if line)


def test_what_continues_is_said(tmp_path: Path) -> None:
    shop = Instance(tmp_path)
    started = interrupt(tmp_path, "supervisor.cli.commands.start.await_all", "start")
    assert (started.returncode, started.stderr.count("stocksup status")) == (exit_codes.INTERRUPTED, 1)
    assert shop.run("start").returncode == 0
    restarted = interrupt(tmp_path, "supervisor.cli.commands.restart.await_reports", "restart")
    assert (restarted.returncode, restarted.stderr.count("stocksup status")) == (exit_codes.INTERRUPTED, 1)
    stopped = interrupt(tmp_path, "supervisor.cli.commands.stop._follow", "stop")
    assert (stopped.returncode, stopped.stderr.count("stocksup status")) == (exit_codes.INTERRUPTED, 1)
    assert shop.run("stop").returncode in (exit_codes.FINE, exit_codes.NOT_RUNNING)
    assert [one["life"] for one in map(json.loads, (tmp_path / "state/journal.jsonl").open())][-1]["number"] == 2


def test_supervisor_that_starts_is_ended(tmp_path: Path) -> None:
    """It does not re-execute itself."""
    (tmp_path / "config.toml").write_text('language = "en"\n')
    code = INTERRUPT.replace("from supervisor.cli import main", "from supervisor.__main__ import main")
    done = subprocess.run(
        [sys.executable, "-c", code.format(at="supervisor.config.loading.read_toml", words=())],
        cwd=tmp_path, timeout=PATIENCE_S, text=True, check=False, capture_output=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
