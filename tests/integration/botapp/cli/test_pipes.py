"""A pipe where a file is expected: a command says so instead of waiting for somebody to write into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import python_process

PATIENCE_S = 60.0


@pytest.mark.parametrize(
    ("config", "words", "code"),
    [
        ("", ("data", "verify", "{pipe}"), 1),
        ("", ("data", "import", "{pipe}"), 1),
        ("", ("data", "restore", "{pipe}"), 1),
        ('[discord]\ntoken_file = "pipe"\n', ("check",), 78),
        ('[discord]\ntoken_file = "pipe"\n', ("start",), 78),
    ],
)
def test_pipe_in_place_of_a_file(tmp_path: Path, config: str, words: tuple[str, ...], code: int) -> None:
    (tmp_path / "config.toml").write_text(f'language = "en"\n{config}')
    os.mkfifo(tmp_path / "pipe")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STOCKSUP", "DISCORD"))}
    named = [word.format(pipe=tmp_path / "pipe") for word in words]
    done = python_process.run("supervisor.cli", *named, cwd=tmp_path, env=inherited, timeout_s=PATIENCE_S)
    assert done.returncode == code, done.stderr
    assert str(tmp_path / "pipe") in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
