"""Pipes, directories and endless output where files are expected: nothing waits, and memory is limited."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil
import pytest

from supervisor.cli.doctor import programs as doctor
from supervisor.config.loading import load
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot, check

#: writes 100 MB, and says at its end why it fails
FLOOD = check("import sys; [print('x' * 10**6) for _ in range(100)]; sys.exit('the end')")


def put(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()


def run_supervisor(it: Supervised) -> tuple[int, str]:
    """Start a supervisor that is expected to fail; return its exit code and what it says."""
    process = it.launch(stderr=subprocess.PIPE, text=True)
    _, err = process.communicate(PATIENCE_S)
    return process.wait(PATIENCE_S), err


@pytest.mark.parametrize("kind", ["pipe", "directory"])
@pytest.mark.parametrize("name", ["supervisor.lock", "journal.jsonl", "history.jsonl", "logs/supervisor.log"])
def test_file_that_the_supervisor_needs(tmp_path: Path, name: str, kind: str) -> None:
    with bot(tmp_path) as it:
        put(it.state / name, kind)
        code, err = run_supervisor(it)
        assert code == 1
        assert str(it.state / name) in err
        assert "Traceback" not in err
        done = it.command("start")
        assert done.returncode == 1
        assert str(it.state / name) in done.stderr


@pytest.mark.parametrize("kind", ["pipe", "directory"])
def test_file_that_the_supervisor_can_do_without(tmp_path: Path, kind: str) -> None:
    with bot(tmp_path) as it:
        for name in ("alerts.json", "logs/bot.log", "open-logs/bot.log", "logs/bot.log.copy", "journal.new"):
            put(it.state / name, kind)
        it.start()
        assert it.restart()["ok"]
        assert str(it.state / "logs/bot.log") in it.log()
        done = it.command("logs", "bot")
        assert done.returncode == 1
        assert str(it.state / "logs/bot.log") in done.stderr
        it.end()


def test_commands_without_a_supervisor(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        put(it.state / "history.jsonl", "pipe")
        put(it.state / "supervisor.lock", "pipe")
        assert it.command("history").returncode == 1
        assert it.command("status").returncode == 3


def test_output_of_a_check_is_limited(tmp_path: Path) -> None:
    with bot(tmp_path, check=FLOOD) as it:
        it.start()
        before_bytes = psutil.Process(it.pid).memory_info().rss
        refusal = it.refused("restart", wait=True)
        assert refusal.code == "check_failed"
        assert refusal.details["report"]["problem"].endswith("\nthe end")
        assert psutil.Process(it.pid).memory_info().rss < before_bytes + 4_000_000
        assert sum(path.stat().st_size for path in it.state.rglob("*") if path.is_file()) < 1_000_000
        it.end()


def test_output_of_a_check_by_command_is_limited(tmp_path: Path) -> None:
    with bot(tmp_path, check=FLOOD) as it:
        before_bytes = psutil.Process().memory_info().rss
        (finding,) = doctor.check(it.config, load(it.config))
        assert finding.problem is not None
        assert finding.problem.endswith("the end")
        assert psutil.Process().memory_info().rss < before_bytes + 20_000_000
