"""Commands about one program of several, some lines of a log, or the help of one command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.processes import process
from tests.support.supervisor.command_line import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    one = Instance(tmp_path / "shop")
    yield one
    one.run("stop")
    assert process.kill_descendants(-1, {"STOCKSUP_SOCKET": str(one.socket)}) == []


def test_one_program_is_started_alone(instance: Instance) -> None:
    relay = '[programs.relay]\ncommand = ["python", "stays.py"]\nready = 0\n'
    assert instance.run("start", "bot").returncode == 3
    instance.configure(extra=relay)
    instance.run("start")
    for name in ("bot", "relay"):
        assert instance.run("stop", name).returncode == 0
    done = instance.run("start", "relay")
    assert done.returncode == 0, done.stderr
    states = {name: one["state"] for name, one in instance.programs().items()}
    assert states == {"bot": "STOPPED", "relay": "RUNNING"}
    pid = instance.programs()["relay"]["pid"]
    assert instance.run("start", "relay").returncode == 0
    assert instance.programs()["relay"]["pid"] == pid

    # a program that is new in the file
    instance.configure(extra=relay + '[programs.fails]\ncommand = ["python", "-c", "raise SystemExit(78)"]\n')
    failed = instance.run("start", "fails")
    assert failed.returncode == 78
    assert instance.programs()["relay"]["pid"] == pid
    assert instance.run("start", "nope").returncode == 2
    assert instance.run("start", "relay", "--foreground").returncode == 2


def test_lines_of_a_log_are_selected(instance: Instance) -> None:
    logs = instance.directory / "state/logs"
    logs.mkdir(parents=True)
    (logs / "bot.log.1").write_text("2026-11-22T04:00:00+0700 INFO one\n  of one\n")
    (logs / "bot.log.2").write_text("2026-11-23T04:00:00+0700 ERROR two\n  of two\n")
    (logs / "bot.log").write_text("2026-11-24T04:00:00+0700 INFO three\n")

    def shown(*words: str, **environ: str) -> list[str]:
        done = instance.run("logs", "bot", *words, **environ)
        assert done.returncode == 0, done.stderr
        return [line.split()[-1] for line in done.stdout.splitlines()]

    # the day of the shop's time zone, Asia/Jakarta
    assert shown("--since", "2026-11-23", TZ="Asia/Tokyo") == ["two", "two", "three"]
    assert shown("--since", "2026-11-23", "--until", "2026-11-23") == ["two", "two"]
    assert shown("--until", "2026-11-23 03:59") == ["one", "one"]
    assert shown("--grep", "of|three") == ["one", "two", "three"]
    assert shown("--grep", "of|three", "-n", "1") == ["three"]
    assert shown("--since", "1m") == []


@pytest.mark.parametrize(
    "words",
    [("--since", "soon"), ("--until", "tomorrow"), ("--grep", "("), ("-f", "--until", "1h")],
)
def test_wrong_selection_of_lines(instance: Instance, words: tuple[str, ...]) -> None:
    done = instance.run("logs", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_help_of_a_command(instance: Instance) -> None:
    for words in (("data", "backup"), ("logs",), ()):
        done = instance.run("help", *words)
        assert (done.returncode, done.stdout) == (0, instance.run(*words, "--help").stdout)
    assert instance.run("help", "nope").returncode == 2


def test_configuration_in_use(instance: Instance) -> None:
    config = instance.directory / "config.toml"
    instance.configure(extra='[programs.bot.env]\nKEY = "hunter2"\n[store]\nurl = "postgresql://a:hunter2@db/shop"\n')
    assert instance.run("config", "path").stdout == f"{config}\n"
    api = "http://127.0.0.1:1/api"
    done = instance.run("config", "show", "--json", STOCKSUP_DISCORD_API=api)
    assert done.returncode == 0, done.stderr
    rows = {one["key"]: (one["value"], one["line"], one["variable"]) for one in json.loads(done.stdout)["settings"]}
    assert rows["language"] == ("en", 1, None)
    assert rows["programs.bot.ready"] == (0, 5, None)
    assert rows["bot.prefix"] == ("!", None, None)
    assert rows["logs.keep"] == (8, None, None)
    assert rows["discord.api_base"] == (api, None, "STOCKSUP_DISCORD_API")
    for said in (done.stdout, instance.run("config", "show").stdout):
        assert "hunter2" not in said
    config.write_text("prefx = 1")
    assert instance.run("config", "show").returncode == 78
