"""Texts of strangers in front of a terminal: no command lets a control character through."""

from __future__ import annotations

import json
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import python_process
from tests.support.supervisor.supervised import Supervised, program, supervised

#: a title, a colour that is not ours, a deleted line, a second escape, the other direction, and a line like ours
EVIL = "x\x1b]0;owned\x07\x1b[35m\x1b[2K\r\x9b31m\u202ey\n✓ all: RUNNING"
CONTROLS = ("\x1b]", "\x07", "\x1b[35m", "\x1b[2K", "\x9b", "\u202e")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    sick = json.dumps({"database": {"is_healthy": False, "last_error": EVIL}})
    programs = {
        "bot": program(f"health={sick}", "beat=0.1"),
        "other": program("exit-before-hello=78", f"reason={EVIL}", "link=yes", restart="never"),
    }
    with supervised(tmp_path_factory.mktemp("evil"), programs) as one:
        one.start(wait=False)
        one.wait_state("FATAL", "other")
        while not one.status()["bot"]["health"]:
            continue
        yield one


def shown_by(daemon: Supervised, *words: str) -> str:
    """Return all that a command shows on a terminal."""
    ours, theirs = pty.openpty()
    environ = daemon.environ({"TERM": "xterm"})
    python_process.run("supervisor.cli", *words, cwd=daemon.directory, env=environ, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 65536):
            shown += data
    except OSError:
        os.close(ours)  # all has been read
    return shown.decode(errors="replace")


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("health",),
        ("restart", "--reason", EVIL.replace("\r", "")),
        ("history",),
        ("logs", "supervisor"),
        ("stop", EVIL),
        ("start",),
        ("--config", EVIL, "status"),
    ],
    ids=lambda words: words[0] if words[0] != "--config" else "config",
)
def test_no_control_character_reaches_the_terminal(daemon: Supervised, words: tuple[str, ...]) -> None:
    shown = shown_by(daemon, *words)
    assert shown.strip()
    assert [control for control in CONTROLS if control in shown] == []
    if words[0] in ("status", "health", "history"):
        assert not any(line.startswith("✓ all") for line in shown.splitlines())


def test_data_verify_shows_what_a_damaged_database_contains(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('language = "en"\n')
    (tmp_path / f"{EVIL}.gz".replace("/", "")).write_bytes(b"no export")
    done = python_process.run("supervisor.cli", "data", "verify", f"{EVIL}.gz", cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 1
    assert [control for control in CONTROLS if control in done.stderr] == []
    assert r"\x1b]0;owned\x07" in done.stderr
