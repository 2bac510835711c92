"""A shop owner who speaks Indonesian goes through all commands and meets no English sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from supervisor.cli.root import OWN, root
from supervisor.client import Client
from tests.support.python_process import ROOT
from tests.support.supervisor.command_line import PATIENCE_S, Instance
from tests.support.texts.english import english_in

SAYS_NO = '["python", "-c", "raise SystemExit(\'belum ada token\')"]'
WAITS = '["python", "-c", "import signal; signal.pause()"]'


@pytest.fixture
def toko(tmp_path: Path) -> Iterator[Instance]:
    one = Instance(tmp_path / "toko", "id")
    yield one
    one.run("stop")


#: Apprise's own message, which is not translated, without the words that `english_in` skips
APPRISE = "A Connection error occurred sending  notification to ***."


def walk(toko: Instance, *words: str, code: int = 0, **environ: str) -> str:
    """Run a command, see that it ends with `code` and says something, and all of it in Indonesian."""
    done = toko.run(*words, **environ)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert said.strip(), words
    assert english_in(said, str(toko.directory), APPRISE) == [], words
    return said


def test_what_is_english_is_noticed() -> None:
    """The test's own yardstick."""
    said = "stocksup is up: bot (life 1)\nKeep printing\n   new lines.\nbot sudah jalan"
    assert english_in(said) == ["stocksup is up: bot (life 1)", "Keep printing new lines."]


def test_a_day_with_the_shop(toko: Instance) -> None:
    assert "tidak jalan" in walk(toko, "status", code=3)
    assert "stocksup start" in walk(toko, "restart", code=3)
    walk(toko, "logs")
    assert "sudah jalan: bot (proses 1)" in walk(toko, "start")
    walk(toko, "start")
    walk(toko, "history")
    walk(toko, "restart", "--reason", "harga baru")
    walk(toko, "restart", "--no-wait")
    walk(toko, "status")
    walk(toko, "history")
    walk(toko, "check")
    walk(toko, "reload")
    toko.configure(extra='stop_timeout_s = 5\n[bot]\nprefix = "?"\n[logs]\nkeep = 3\n')
    assert "Sudah berlaku: [logs]" in walk(toko, "reload")
    walk(toko, "logs", "--level", "critical")
    walk(toko, "version")
    walk(toko, "stop", "bot")
    walk(toko, "status")
    walk(toko, "start")
    walk(toko, "logs")
    walk(toko, "stop")


def test_a_bad_day(toko: Instance) -> None:
    walk(toko, "start")
    walk(toko, "restart", "dashboard", code=2)
    walk(toko, "logs", "dashboard", code=2)
    toko.configure(check=SAYS_NO)
    assert "tetap jalan" in walk(toko, "restart", code=1)
    walk(toko, "check", code=1)
    toko.configure(check='["/tidak/ada"]')
    assert "program itu tidak ada" in walk(toko, "restart", code=1)
    walk(toko, "check", code=1)
    toko.configure(check=WAITS, extra="start_timeout_s = 2\n")
    walk(toko, "restart", "--timeout", "0.2", code=4)
    walk(toko, "status")
    walk(toko, "history")
    walk(toko, "stop")
    toko.configure(command='["python", "-c", "raise SystemExit(3)"]', ready="5")
    walk(toko, "start", code=1)
    toko.configure(command='["python", "-c", "raise SystemExit(78)"]', ready="5")
    walk(toko, "start", code=78)
    walk(toko, "logs", "supervisor")


def test_what_crashes_is_told_in_indonesian(toko: Instance) -> None:
    walk(toko, "start")
    with Client(toko.socket) as client:
        happened = client.events(timeout_s=PATIENCE_S)
        os.kill(toko.programs()["bot"]["pid"], 9)
        next(one for one in happened if one.get("type") == "restart")
    walk(toko, "status")
    assert "crash (sinyal SIGKILL)" in walk(toko, "history")
    walk(toko, "logs", "supervisor")


def test_alerts(toko: Instance) -> None:
    walk(toko, "alerts", "test", code=1)
    closed_url = "json://127.0.0.1:1/x"
    urls = f'urls = ["{closed_url}", "tgram://toko", "tgram://1234:", "tgrm://x/1", "discord://1", "twilio://a:b@c"]'
    toko.configure(extra=f"[alerts]\n{urls}\n")
    said = walk(toko, "alerts", "test", code=1)
    assert "1: json://***: tidak terkirim: A Connection error" in said
    assert said.count("bagian URL kurang atau salah; seharusnya tgram://BOT_TOKEN/CHAT_ID") == 2
    assert "maksudnya tgram://?" in said


@pytest.mark.parametrize("name", ["", *OWN, "demo", "init"])
def test_help(toko: Instance, name: str) -> None:
    # the language of the configuration, whatever the terminal's is
    walk(toko, *([name] if name else []), "--help", LANG="en_US.UTF-8")


@pytest.mark.parametrize(
    "words",
    [
        ("nope",),
        ("sttus",),
        ("status", "--jsn"),
        ("start", "bot", "relay"),
        ("history", "-n", "0"),
        ("history", "-n", "banyak"),
        ("restart", "--timeout", "lama"),
        ("demo", "--port", "satu"),
        ("demo", "--port", "70000"),
        ("completion",),
        ("completion", "csh"),
        ("history", "-n"),
        ("restart", "--no-wait=1"),
        ("--config",),
        (),
    ],
)
def test_usage(toko: Instance, words: tuple[str, ...]) -> None:
    walk(toko, *words, code=2)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return what `make` sees of a fresh clone."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for package in ("supervisor", "botapp", "tests"):
        (tmp_path / package).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("help",), 0, "make setup"),
        ((".venv/.made", "PYTHON=python-tak-ada"), 2, ".venv tidak dapat dibuat: perlu Python"),
    ],
)
def test_make(clone: Path, words: tuple[str, ...], code: int, expected: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", *words], cwd=clone, env={**environ, "LANG": "id_ID.UTF-8"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert expected in done.stdout + done.stderr
    said = [one for one in (done.stdout + done.stderr).splitlines() if not one.startswith("make: ")]
    assert english_in("\n".join(said), str(clone), ".venv", "Discord lokal") == []
    assert [one for one in said if len(one) > 80] == []


MISTAKES = [
    'langage = "id"\n',
    "[programs.bot]\ncommand = 3\n",
    "[programs.bot]\nready = true\n",
    "[programs.bot]\nstart_timeout_s = 0\n",
    '[programs.bot]\nrestart = "kadang"\n',
    "[programs.relay]\n",
    "[programs.supervisor]\n",
    '[programs."Bot 1"]\n',
    '[programs.bot]\nenv = { STOCKSUP_LIFE = "1" }\n',
    '[programs.bot]\ncommand = [""]\n',
    'timezone = "Mars/Kota"\n',
    "[supervisor]\nstate_dir = 1\n",
    '[supervisor]\nstate_dir = ""\n',
    "[cache]\nmax_bytes = 1\n",
]
NO_TOML = ["[programs\n", "language\n", "language = id\n", 'language = "id\n', "a = [1\n", "a = 1\na = 1\n", "= 1\n"]


@pytest.mark.parametrize("text", [*MISTAKES, *NO_TOML])
def test_a_mistake_in_the_configuration(toko: Instance, text: str) -> None:
    (toko.directory / "config.toml").write_text(text)
    walk(toko, "start", code=78)
    walk(toko, "check", code=78)


def test_files_that_cannot_be_used(toko: Instance) -> None:
    walk(toko, "--config", "tidak-ada.toml", "status", code=78)
    (toko.directory / "state").write_text("sebuah file menghalangi")
    walk(toko, "start", code=1)
    walk(toko, "check", code=1)
    (toko.directory / "config.toml").unlink()
    walk(toko, "status", code=78, HOME="/tidak/ada")


@pytest.mark.parametrize(("terminal", "said"), [("C", "no config.toml found"), ("id_ID.UTF-8", "tidak ditemukan")])
def test_without_a_configuration_the_terminal_decides(tmp_path: Path, terminal: str, said: str) -> None:
    one = Instance(tmp_path, "id")
    (tmp_path / "config.toml").unlink()
    assert said in one.run("status", LANG=terminal, HOME="/nowhere").stderr


def test_the_configuration_goes_before_the_terminal(toko: Instance) -> None:
    assert "tidak jalan" in toko.run("status", LANG="en_US.UTF-8").stdout
    for words in (("--config", "config.toml"), ("--config=config.toml",)):
        assert "Pemakaian:" in toko.run(*words, "--help", LANG="en_US.UTF-8").stdout
    toko.language = "en"
    toko.configure()
    assert "Usage:" in toko.run("--help", LANG="id_ID.UTF-8", LANGUAGE="id").stdout


def test_a_running_supervisor_changes_its_language_with_the_settings(toko: Instance) -> None:
    toko.run("start")
    toko.language = "en"
    toko.configure()
    with Client(toko.socket) as client:
        client.request("reload")
    assert "unknown program 'relay'" in toko.run("restart", "relay").stderr
    assert "tidak ada" not in toko.run("stop").stdout


def test_an_installation_without_a_catalogue_says_so(tmp_path: Path) -> None:
    code = (
        "import sys; from supervisor import locale; "
        f"locale.__file__ = {str(tmp_path / 'x.py')!r}; "
        "sys.argv = ['stocksup', 'version']; from supervisor.cli import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"stocksup: cannot open {tmp_path}")
    assert "Traceback" not in done.stderr


def test_every_command_has_a_help_text() -> None:
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        assert command.help, name
