"""Secrets that programs reveal are masked in the log of the supervisor, in the history and on the terminal."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Final

from tests.support.supervisor.supervised import Supervised, bot, check, program

#: made up, of the right shape
TOKEN: Final = "MTQwMDAwMDAwMDAwMDAwMDAwMg." + "GAbCdE." + "x" * 38


def run(it: Supervised, *words: str) -> str:
    done = it.command(*words)
    return done.stdout + done.stderr


def test_output_of_a_failed_check_is_masked(tmp_path: Path) -> None:
    with bot(tmp_path) as it:
        it.start()
        it.configure({"bot": program(check=check(f"raise SystemExit('cannot log in with {TOKEN}')"))})
        error = it.refused("restart", wait=True)
        assert error.message == "cannot log in with ***"
        assert it.history()[0]["problem"] == "cannot log in with ***"
        told = run(it, "restart"), run(it, "history"), run(it, "check"), run(it, "history", "--json")
        assert all("cannot log in with ***" in one for one in told)
        kept = [it.log(), (it.state / "history.jsonl").read_text(), (it.state / "journal.jsonl").read_text()]
        assert not any(TOKEN in one for one in (*told, *kept))


def test_goodbye_is_masked(tmp_path: Path) -> None:
    with bot(tmp_path, "1:exit-when-ready=3", f"reason=cannot log in with {TOKEN}") as it:
        it.start(wait=False)
        it.wait_state("RUNNING", life=2)
        assert it.status()["bot"]["last_exit"]["reason"] == "cannot log in with ***"
        kept = [it.log(), (it.state / "journal.jsonl").read_text(), json.dumps(it.history())]
        assert not any(TOKEN in one for one in kept)
        assert "cannot log in with ***" in it.log()


def test_program_log_is_masked_when_shown(tmp_path: Path) -> None:
    code = f"import sys; print('TOKEN {TOKEN}'); sys.exit(78)"
    with bot(tmp_path, ready=5) as it:
        it.configure({"bot": {"command": ["python", "-c", code], "ready": 5}})
        shown = run(it, "start")
        assert "bot | TOKEN ***" in shown
        assert TOKEN not in shown
        for words in (("logs",), ("logs", "--json", "bot")):
            shown = run(it, *words)
            assert "TOKEN ***" in shown
            assert TOKEN not in shown


def test_journal_has_priorities_and_programs_its_socket(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, bot(tmp_path) as it:
        found = os.fstat(theirs.fileno())
        environ = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        it.process = it.launch(environ=environ, stderr=theirs)
        lines = ours.makefile()
        assert lines.readline().startswith("<6>supervisor: ")
        it.wait_state("RUNNING")
        told = it.diary.wait("spawned")["environ"]
        assert told["STOCKSUP_JOURNAL"] == "/run/systemd/journal/socket"
        assert it.shut_down() == 0
        theirs.close()
        said = lines.read()
        assert "<6>bot: process 1: ready\n" in said
        assert all(line.startswith("<") for line in said.splitlines())
        assert "<6>" not in it.log()
