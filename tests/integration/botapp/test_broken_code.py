"""Code that does not load is reported in one line, by the check and by the bot itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.support.python_process import ROOT
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


def break_file(file: Path) -> int:
    """Append a syntax error to the file; return its line number."""
    text = file.read_text() + "def broken(:\n"
    file.write_text(text)
    return text.count("\n")


@pytest.mark.parametrize("words", [["--check"], []])
@pytest.mark.parametrize("name", ["bot.py", "startup.py", "config/settings.py", "runtime/log.py", "ui/live/render.py"])
def test_syntax_error_is_one_line_with_its_place(code: Path, name: str, words: list[str]) -> None:
    file = code / "botapp" / name
    number = break_file(file)
    done = call(code, *words)
    assert done.returncode == 1
    line = f"{file}, baris {number}: kesalahan sintaks (SyntaxError: invalid syntax)"
    assert done.stderr.strip().endswith(line)
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("name", ["botapp/locale/__init__.py", "supervisor/client.py"])
def test_syntax_error_in_the_reporting_code_is_one_line(code: Path, name: str) -> None:
    number = break_file(code / name)
    done = call(code, "--check")
    assert done.returncode == 1
    assert done.stderr == f"{code / name}, line {number} does not load: SyntaxError\n"


def test_failing_import_is_one_line_with_its_place(code: Path) -> None:
    file = code / "botapp" / "bot.py"
    file.write_text(file.read_text() + "\nraise ValueError('kunci')\n")
    done = call(code, "--check")
    assert done.returncode == 1
    line = len(file.read_text().splitlines())
    assert done.stderr == f"kesalahan tak terduga: ValueError: kunci [{file}:{line}]\n"


def test_exit_at_import_is_reported_in_indonesian(code: Path) -> None:
    file = code / "botapp" / "bot.py"
    file.write_text(file.read_text() + "\nraise SystemExit(3)\n")
    done = call(code, "--check")
    assert done.returncode == 1
    assert done.stderr == "botapp.bot keluar saat diimpor: SystemExit(3)\n"


def test_usage_error_is_in_indonesian(code: Path) -> None:
    done = call(code, "--chek")
    assert (done.returncode, english_in(done.stderr)) == (2, [])


#: hides packages, as if they were not installed
_HIDE = """
import importlib.machinery
find = importlib.machinery.PathFinder.find_spec
hidden = frozenset({hidden!r})
importlib.machinery.PathFinder.find_spec = classmethod(
    lambda cls, name, path=None, target=None: None if name in hidden else find(name, path, target)
)
"""


def normalize(name: str) -> str:
    """Return the name of a distribution as packaging.python.org normalizes it."""
    return re.sub("[-_.]+", "-", name).lower()


def test_the_check_passes_with_the_packages_of_a_plain_installation(code: Path) -> None:
    """The extras of pyproject.toml are installed here, but not by `make setup`."""
    locked = {normalize(line.split("==")[0]) for line in (ROOT / "requirements.lock").read_text().splitlines()}
    by_package = metadata.packages_distributions()
    ours = locked | {"stocksup", "pip", "setuptools"}
    hidden = [package for package, names in by_package.items() if not set(map(normalize, names)) & ours]
    assert "psycopg" in hidden
    (code / "sitecustomize.py").write_text(_HIDE.format(hidden=hidden))
    done = call(code, "--check")
    assert (done.returncode, done.stderr) == (0, "")
