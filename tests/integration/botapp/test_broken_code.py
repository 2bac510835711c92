"""Code that does not load is reported in one line, by the check and by the bot itself."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from botapp import startup
from botapp.config.settings import Discord, Settings
from botapp.runtime import state_file
from supervisor.client import EXIT_BAD_CONFIG
from supervisor.configfile import ConfigError
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.python_process import ROOT
from tests.support.shop.products import stock_up
from tests.support.texts.english import english_in

PATIENCE_S = 30.0


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return a copy of the code, with a shop beside it."""
    for package in ("supervisor", "botapp"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("bundle", "page"))
    (tmp_path / "config.toml").write_text('language = "id"\n')
    return tmp_path


@pytest.fixture(scope="module")
def discord() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


def call(code: Path, *words: str, api_base: str = "http://127.0.0.1:9/api/v10") -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STOCKSUP", "DISCORD"))}
    return subprocess.run(
        [sys.executable, "-m", "botapp", *words],
        cwd=code,
        env={**inherited, "PYTHONPATH": str(code), "DISCORD_TOKEN": "demo-token", "STOCKSUP_DISCORD_API": api_base},
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


def test_the_check_passes_with_the_packages_of_a_plain_installation(code: Path, discord: DiscordControl) -> None:
    """The extras of pyproject.toml are installed here, but not by `make setup`."""
    locked = {normalize(line.split("==")[0]) for line in (ROOT / "requirements.lock").read_text().splitlines()}
    by_package = metadata.packages_distributions()
    ours = locked | {"stocksup", "pip", "setuptools"}
    hidden = [package for package, names in by_package.items() if not set(map(normalize, names)) & ours]
    assert "psycopg" in hidden
    (code / "sitecustomize.py").write_text(_HIDE.format(hidden=hidden))
    done = call(code, "--check", api_base=discord.api_base)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_check_fails_for_a_token_that_discord_refuses(code: Path, discord: DiscordControl) -> None:
    """The serving bot has a session, so it is not ended for a token that the next process could not use."""
    discord.faults(token="another")
    done = call(code, "--check", api_base=discord.api_base)
    discord.no_faults()
    assert done.returncode == EXIT_BAD_CONFIG
    assert len(done.stderr.splitlines()) == 1
    assert "demo-token" not in done.stderr


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}, {"status": 403}, {"delay_s": 1}])
def test_the_check_passes_while_discord_does_not_answer(
    discord: DiscordControl,
    fault: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(startup, "CHECK_TIMEOUT_S", 0.5)
    settings = Settings(path=Path("config.toml"), discord=Discord(api_base=discord.api_base))
    discord.faults({"path": "/users/@me", **fault})
    asyncio.run(startup._check_token(settings, "another"))
    discord.no_faults()
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(ConfigError):
        asyncio.run(startup._check_token(settings, "another"))


@pytest.mark.parametrize("left", ["empty", "nothing", "directory", "pipe"])
def test_the_check_fails_for_a_lost_database(tmp_path: Path, left: str) -> None:
    settings = Settings(path=tmp_path / "config.toml")
    startup._check_database(settings)
    stock_up(tmp_path)
    state_file.change(settings.state_file, database_created=True)
    startup._check_database(settings)
    settings.database_file.unlink()
    if left == "empty":
        settings.database_file.touch()
    elif left == "directory":
        settings.database_file.mkdir()
    elif left == "pipe":
        os.mkfifo(settings.database_file)
    with pytest.raises(ConfigError, match=str(settings.database_file)):
        startup._check_database(settings)
