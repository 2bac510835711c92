"""`stocksup status --watch` on a real terminal, beside a real supervisor."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.cli import exit_codes as exits
from supervisor.client import Client
from supervisor.processes import process
from tests.support.supervisor.command_line import Instance
from tests.support.supervisor.terminal import Terminal

COMMAND = [sys.executable, "-m", "supervisor.cli", "status", "--watch"]
ENTER, LEAVE, HOME = "\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l", "\x1b[H"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    one = Instance(tmp_path / "shop")
    yield one
    one.run("stop")
    assert process.kill_descendants(-1, {"STOCKSUP_SOCKET": str(one.socket)}) == []


def widest(frame: str) -> int:
    return max(len(line) for line in re.sub(r"\x1b\[[\d;?]*\w", "", frame).split("\n"))


def test_it_shows_what_happens_until_ctrl_c(instance: Instance) -> None:
    instance.run("start")
    with Terminal(COMMAND, instance.environ(TERM="xterm", NO_COLOR="1"), instance.directory) as terminal:
        terminal.resize(80, 24)
        terminal.expect(r"bot +RUNNING +1 ")
        assert not terminal.shows_keys()
        instance.run("restart")
        terminal.expect(r"bot +RUNNING +2 .*restarts today: bot 1")
        # the supervisor is killed, and another one takes over
        with Client(instance.socket) as client:
            os.kill(client.request("ping")["pid"], signal.SIGKILL)
        terminal.expect("stocksup is not running")
        assert instance.run("start").returncode == 0
        terminal.expect(r"bot +RUNNING +2 ")
        terminal.resize(60, 6)
        frame = terminal.expect(r"\x1b\[H[^\x1b]*(\x1b\[K\n[^\x1b]*){4}\x1b\[K\n… [^\n]*\x1b\[J").rpartition(HOME)[2]
        assert (frame.count("\n") + 1, widest(frame) < 60) == (6, True)
        terminal.interrupt()
        assert terminal.wait() == exits.FINE
        assert terminal.shows_keys()
        assert terminal.shown.startswith(ENTER)
        assert terminal.shown.endswith(LEAVE)


def test_a_signal_restores_the_terminal(instance: Instance) -> None:
    with Terminal(COMMAND, instance.environ(TERM="xterm"), instance.directory) as terminal:
        terminal.expect("stocksup is not running")
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait() == exits.FAILED
        assert terminal.shown.endswith(LEAVE)


@pytest.mark.parametrize("words", [["--json"], []])
def test_without_a_terminal_another_way_is_named(instance: Instance, words: list[str]) -> None:
    done = instance.run("status", "--watch", *words, TERM="xterm")
    assert (done.returncode, done.stdout) == (exits.USAGE, "")
    assert "--json" in done.stderr
