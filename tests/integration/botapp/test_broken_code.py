"""Code that does not load is one clear line, whichever file is broken, when the bot checks itself and when it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shop.shop import ROOT
from tests.support.texts.english import english_in

PATIENCE_S = 30.0


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return a copy of the code, with a shop beside it."""
    for package in ("supervisor", "botapp"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("bundle", "page"))
    (tmp_path / "config.toml").write_text('language = "id"\n')
    return tmp_path


def call(code: Path, *words: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STOCKSUP", "DISCORD"))}
    return subprocess.run(
        [sys.executable, "-m", "botapp", *words],
        cwd=code,
        env={**inherited, "PYTHONPATH": str(code), "DISCORD_TOKEN": "demo-token"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def break_it(file: Path) -> int:
    """Write what is no Python to the end of `file`; return the number of that line."""
    text = file.read_text() + "def broken(:\n"
    file.write_text(text)
    return text.count("\n")


@pytest.mark.parametrize("words", [["--check"], []])
@pytest.mark.parametrize("name", ["bot.py", "startup.py", "config/settings.py", "runtime/log.py", "ui/live/render.py"])
def test_a_broken_file_is_one_line_with_its_place(code: Path, name: str, words: list[str]) -> None:
    file = code / "botapp" / name
    number = break_it(file)
    done = call(code, *words)
    assert done.returncode == 1
    line = f"{file}, baris {number}: kesalahan sintaks (SyntaxError: invalid syntax)"
    assert done.stderr.strip().endswith(line)
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("name", ["botapp/locale/__init__.py", "supervisor/client.py"])
def test_a_broken_file_that_words_stand_on_is_one_line_too(code: Path, name: str) -> None:
    number = break_it(code / name)
    done = call(code, "--check")
    assert done.returncode == 1
    assert done.stderr == f"{code / name}, line {number} does not load: SyntaxError\n"


def test_code_that_fails_while_it_loads_is_one_line_with_its_place(code: Path) -> None:
    file = code / "botapp" / "bot.py"
    file.write_text(file.read_text() + "\nraise ValueError('kunci')\n")
    done = call(code, "--check")
    assert done.returncode == 1
    line = len(file.read_text().splitlines())
    assert done.stderr == f"kesalahan tak terduga: ValueError: kunci [{file}:{line}]\n"


def test_code_that_ends_the_program_is_told_in_indonesian(code: Path) -> None:
    file = code / "botapp" / "bot.py"
    file.write_text(file.read_text() + "\nraise SystemExit(3)\n")
    done = call(code, "--check")
    assert done.returncode == 1
    assert done.stderr == "botapp.bot keluar saat diimpor: SystemExit(3)\n"


def test_a_wrong_call_is_told_in_indonesian(code: Path) -> None:
    done = call(code, "--chek")
    assert (done.returncode, english_in(done.stderr)) == (2, [])
