"""The settings are read again while everything runs: at the door, by the command, by SIGHUP."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.command_line import Instance
from tests.support.supervised import PATIENCE_S, Supervised, bot, program, supervised


def run(it: Supervised, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "supervisor.cli", "--config", str(it.config), "reload", *words]
    return subprocess.run(command, env=it.environ(), capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_programs_come_and_go_and_the_others_stay(tmp_path: Path) -> None:
    with supervised(tmp_path, {"bot": program(), "relay": program()}) as it:
        it.start()
        pid = it.status()["bot"]["pid"]
        it.configure({"bot": program(), "clerk": program()})
        assert it.ask("reload")["changed"] == ["relay", "clerk"]
        status = it.wait(lambda status: status if set(status) == {"bot", "clerk"} else None)
        assert status is not None
        it.wait_state("RUNNING", "clerk")
        assert it.status()["bot"]["pid"] == pid
        it.diary.wait("drain", why="stop")


def test_what_can_count_at_once_does(tmp_path: Path) -> None:
    with bot(tmp_path, "beat=0.01", "chatter", logs={"max_bytes": 0}) as it:
        it.start()
        it.configure({"bot": program("beat=0.01", "chatter")}, logs={"max_bytes": 5_000, "keep": 0})
        answer = it.ask("reload")
        assert (answer["settings"], answer["needs_restart"]) == (["logs"], [])
        it.diary.wait("reopened", count=2)


def test_what_needs_a_new_life_is_named_until_it_is_there(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        it.configure({"bot": program(env={"TEST_OF": "it"})}, bot={"prefix": "?"}, discord={"gateway": "ws://x"})
        for _ in range(2):
            answer = it.ask("reload")
            assert (answer["outdated"], answer["needs_restart"]) == (["discord", "bot"], ["bot"])
        done = run(it)
        assert done.returncode == 0
        assert done.stdout == "bot still runs with the old [discord], [bot]. Next: stocksup restart bot\n"
        it.restart()
        assert it.ask("reload")["needs_restart"] == []
        assert "Nothing has changed" in run(it).stdout
        # a restart reads them by itself
        it.configure({"bot": program(env={"TEST_OF": "it"})}, bot={"prefix": "!!"})
        it.restart()
        assert it.ask("reload")["needs_restart"] == []


def test_a_file_with_a_mistake_changes_nothing(tmp_path: Path) -> None:
    with supervised(tmp_path, {"bot": program(), "relay": program()}) as it:
        it.start()
        before = it.status()
        it.configure({"bot": program(stop_timeout="soon")}, logs={"keep": 1})
        error = it.refused("reload")
        assert error.code == "bad_config"
        done = run(it)
        assert done.returncode == 78
        assert "[programs.bot] stop_timeout: unknown key; did you mean 'stop_timeout_s'?" in done.stderr
        assert str(it.config) in done.stderr
        assert {name: one["pid"] for name, one in it.status().items()} == {
            name: one["pid"] for name, one in before.items()
        }
        it.configure({"bot": program(), "relay": program()})
        assert it.ask("reload")["settings"] == []


def test_sighup_reads_them_too_and_the_log_says_what_came_of_it(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        assert it.process is not None
        it.configure({"bot": program(), "clerk": program()}, bot={"prefix": "?"})
        it.process.send_signal(signal.SIGHUP)
        it.wait(lambda status: status.get("clerk", {}).get("state") == "RUNNING")
        assert re.search(r"settings read again; changed: bot, programs.clerk; .*: bot", it.log())
        it.config.write_text("[programs\n")
        it.process.send_signal(signal.SIGHUP)
        # whatever came before is done when the door answers
        it.ask("ping")
        it.ask("ping")
        assert "not reloaded: " in it.log()
        assert set(it.status()) == {"bot", "clerk"}


def test_it_is_told_to_programs_and_needs_a_supervisor(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.configure({"bot": program()})
        assert run(it).returncode == 3
        it.start()
        it.configure({"bot": program(stop_timeout_s=3)})
        done = run(it, "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout) == {"changed": ["bot"], "settings": [], "outdated": [], "needs_restart": []}


def test_what_a_program_would_refuse_changes_nothing(tmp_path: Path) -> None:
    """The supervisor does not know what stands in a program's table; the program's own check does."""
    one = Instance(tmp_path)
    (tmp_path / "check.py").write_text(
        "if 'prefx' in open('config.toml').read():\n    print('[bot] prefx: unknown key')\n    raise SystemExit(78)\n"
    )
    one.configure(check='["python", "check.py"]')
    config = tmp_path / "config.toml"
    assert one.run("start").returncode == 0
    good = config.read_text()
    config.write_text(f'{good}\n[logs]\nkeep = 3\n[bot]\nprefx = "?"\n')
    done = one.run("reload")
    assert done.returncode == 78
    assert "[bot] prefx: unknown key" in done.stderr
    config.write_text(f"{good}\n[logs]\nkeep = 3\n")
    assert "In force now: [logs]" in one.run("reload").stdout, "it did not count before"
    one.run("stop")
