"""Completion, asked for as the shells' scripts ask for it, and once by a real bash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_S = 30.0


def _asked(directory: Path, shell: str, line: str, word: str) -> str:
    environ = {**os.environ, "_STOCKSUP_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": word}
    environ.pop("STOCKSUP_CONFIG", None)
    command = [sys.executable, "-m", "supervisor.cli"]
    return subprocess.run(
        command, cwd=directory, env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    ).stdout


@pytest.mark.parametrize(("shell", "word"), [("bash", "1"), ("zsh", "1"), ("fish", "res")])
def test_commands_are_completed(tmp_path: Path, shell: str, word: str) -> None:
    offered = _asked(tmp_path, shell, "stocksup res", word)
    assert "restart" in offered
    assert "history" not in offered


def test_programs_are_completed(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[programs.relay]\ncommand = ["relay"]\n')
    assert _asked(tmp_path, "bash", "stocksup restart ", "2").split() == ["plain,bot", "plain,relay"]
    (tmp_path / "config.toml").write_text("this is no TOML")
    assert _asked(tmp_path, "bash", "stocksup restart ", "2").split() == []


def test_bash_itself(tmp_path: Path) -> None:
    here = tmp_path / "stocksup"
    here.write_text(f'#!/bin/sh\nexec {sys.executable} -m supervisor.cli "$@"\n')
    here.chmod(0o755)
    script = (
        "source <(stocksup completion bash); COMP_WORDS=(stocksup hist); COMP_CWORD=1; "
        '_stocksup_completion stocksup; echo "${COMPREPLY[@]}"'
    )
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.stdout.split() == ["history"], done.stderr


def test_a_shell_that_nobody_knows(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "supervisor.cli", "completion", "csh"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 2
    assert "fish" in done.stderr
