"""Completion, asked for as the shells' scripts ask for it, and by the shells themselves."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import python_process
from tests.support.python_process import ROOT
from tests.support.supervisor.terminal import Terminal

PATIENCE_S = 30.0


def _asked(directory: Path, shell: str, line: str, word: str) -> str:
    environ = {**os.environ, "_STOCKSUP_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": word}
    environ.pop("STOCKSUP_CONFIG", None)
    return python_process.run("supervisor.cli", cwd=directory, env=environ).stdout


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


def shell(name: str) -> str:
    """Return the path of a shell; without it the test is skipped, which fails in CI."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: apt install {name}")
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which a shell finds `stocksup`, is English, and no user's settings are read."""
    here = tmp_path / "bin" / "stocksup"
    here.parent.mkdir()
    here.write_text(f'#!/bin/sh\nexec {sys.executable} -m supervisor.cli "$@"\n')
    here.chmod(0o755)
    (tmp_path / "config.toml").write_text('language = "en"\n[programs.relay]\ncommand = ["relay"]\n')
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STOCKSUP", "LC_", "LANG"))}
    own = {"PATH": f"{here.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "TERM": "vt100", "LANG": "C.UTF-8"}
    return {**inherited, **own, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "ZDOTDIR": str(tmp_path)}


def said(command: list[str], directory: Path, environ: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=directory, env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [("stocksup re", "restart reload"), ("stocksup restart ", "bot relay"), ("stocksup restart --no", "--no-wait")],
)
def test_bash_itself(tmp_path: Path, environ: dict[str, str], line: str, offered: str) -> None:
    words = line.split(" ")
    script = (
        f"source <(stocksup completion bash); COMP_WORDS=({shlex.join(words)}); "
        f'COMP_CWORD={len(words) - 1}; _stocksup_completion stocksup; echo "${{COMPREPLY[@]}}"'
    )
    assert said([shell("bash"), "--norc", "-c", script], tmp_path, environ) == f"{offered}\n"


@pytest.mark.parametrize(
    ("line", "offered"),
    [("stocksup re", ["reload", "restart"]), ("stocksup restart ", ["bot", "relay"]), ("stocksup sto", ["stop"])],
)
def test_fish_itself(tmp_path: Path, environ: dict[str, str], line: str, offered: list[str]) -> None:
    script = f"stocksup completion fish | source; complete -C '{line}'"
    lines = said([shell("fish"), "--no-config", "-c", script], tmp_path, environ).splitlines()
    assert [one.partition("\t")[0] for one in lines] == offered


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("stocksup re", r"(?s)restart.*reload"),
        ("stocksup hist", "history"),
        ("stocksup restart rel", "relay"),
    ],
)
def test_zsh_itself(tmp_path: Path, environ: dict[str, str], line: str, shown: str) -> None:
    """As the help says: in a directory of its own for completions, loaded by the first Tab."""
    functions = tmp_path / ".zfunc"
    functions.mkdir()
    (functions / "_stocksup").write_text(said(["stocksup", "completion", "zsh"], tmp_path, environ))
    with Terminal([shell("zsh"), "-f", "-i"], environ, tmp_path) as terminal:
        terminal.type("PS1='rea''dy> '; fpath+=~/.zfunc; autoload -Uz compinit; compinit -u -D")
        terminal.expect("ready> ")
        terminal.press(f"{line}\t")
        terminal.expect(shown)


def test_unknown_shell(tmp_path: Path) -> None:
    done = python_process.run("supervisor.cli", "completion", "csh", cwd=tmp_path)
    assert done.returncode == 2
    assert "fish" in done.stderr
