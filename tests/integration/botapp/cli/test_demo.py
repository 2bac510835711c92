"""`stocksup demo`: up with one command, nothing of a real shop in it, nothing left of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from botapp import locale
from botapp.cli import demo
from supervisor.processes import process
from tests.support.discord.bot_process import PATIENCE_S, free_port
from tests.support.discord.control import DiscordControl
from tests.support.python_process import ROOT
from tests.support.shop.shop import text


@contextmanager
def running(directory: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "DISCORD_TOKEN": "of-a-real-shop", "PYTHONUNBUFFERED": "1"}
    code = (
        "from botapp.cli.demo import demo; from supervisor.cli.instance import Instance; "
        f"demo(['--port', '{port}', '--state-dir', {str(directory)!r}, '--language', 'en'], obj=Instance(None))"
    )
    one = subprocess.Popen(
        [sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield one
    finally:
        if one.poll() is None:
            one.terminate()
        one.communicate(timeout=PATIENCE_S)


def read_until(one: subprocess.Popen[str], wanted: str) -> str:
    assert one.stdout is not None
    lines = []
    for line in one.stdout:
        lines.append(line)
        if wanted in line:
            return "".join(lines)
    raise AssertionError(f"{wanted!r} did not come; there was: {''.join(lines)}")


def test_up_used_and_down_without_a_trace(tmp_path: Path) -> None:
    port, directory = free_port(), tmp_path / "demo"
    with running(directory, port) as one:
        shown = read_until(one, "Ctrl-C")
        assert f"http://127.0.0.1:{port}/" in shown
        discord = DiscordControl(port)
        message = discord.wait_for_message("Budi", lambda message: "Steam Wallet 10" in text(message))
        assert len(message["embeds"][0]["fields"]) == 3
        discord.say("Admin", "!restart")
        discord.wait_for_message("Admin", lambda message: "`no`" in text(message))
        discord.say("Admin", "ya")
        discord.wait_for_message(
            "Admin", lambda message: "Back again (process 2)" in text(message), timeout_s=PATIENCE_S
        )
        with running(directory, port) as second:
            assert "the demo is already running" in read_until(second, "Ctrl-C")
            assert second.wait(PATIENCE_S) == 1
        one.send_signal(signal.SIGINT)
        assert "🎉" in read_until(one, "process 2 of bot ended: exit 0")
        assert one.wait(PATIENCE_S) == 0
    assert process.kill_descendants(-1, {"STOCKSUP_SOCKET": str(directory / "state" / "stocksup.sock")}) == []
    assert not (directory / "state" / "stocksup.sock").exists()
    assert directory.stat().st_mode & 0o077 == 0


def test_a_taken_port_is_said_at_once_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tmp_path / "demo", port) as one:
            assert re.search(rf"cannot open port {port}: .*--port {port + 1}", read_until(one, "port"))
            assert one.wait(PATIENCE_S) == 1
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("name", ["config.toml", "token"])
def test_the_files_of_a_real_shop_are_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("of a real shop")
    with running(tmp_path, free_port()) as one:
        assert "would overwrite" in read_until(one, "--state-dir")
        assert one.wait(PATIENCE_S) == 1
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "of a real shop")]


def test_a_killed_supervisor_is_said(tmp_path: Path) -> None:
    port, directory = free_port(), tmp_path / "demo"
    with running(directory, port) as one:
        read_until(one, "Ctrl-C")
        (supervisor,) = psutil.Process(one.pid).children()
        supervisor.kill()
        assert "was killed" in read_until(one, "takes them over")
        assert one.wait(PATIENCE_S) == 1
    with running(directory, port) as one:
        read_until(one, "Ctrl-C")
        one.send_signal(signal.SIGINT)
        assert one.wait(PATIENCE_S) == 0


def test_marks_of_lives_are_shown_in_the_language_in_use() -> None:
    line = "--- stocksup 2026-11-24T04:00:00+0700: life 3 of bot {} ---\n"
    locale.use("id")
    shown = [demo._shown(line.format(what)) for what in ("starts", "goes on", "ended: exit 78")]
    told = [one.removeprefix("--- stocksup 2026-11-24T04:00:00+0700: proses 3 dari bot ") for one in shown]
    assert told == ["dimulai ---\n", "berlanjut ---\n", "berakhir: exit 78 ---\n"]
    assert demo._shown("2026-11-24T04:00:00+0700 INFO ada\n") == "2026-11-24T04:00:00+0700 INFO ada\n"


def test_only_the_log_of_the_last_life_is_shown() -> None:
    mark = "--- stocksup 2026-11-24T04:00:00+0700: life {} of bot {} ---\n"
    first = [mark.format(1, "starts"), "one\n", mark.format(1, "ended: exit 0")]
    second = [mark.format(2, "starts"), "two\n", mark.format(2, "ended: exit 0")]
    assert demo.of_last_life([*first, *second]) == second
    moved = [mark.format(1, "goes on"), "one\n"]
    assert demo.of_last_life(moved) == moved
    assert demo.of_last_life([]) == []


def test_the_banner_tells_somebody_behind_ssh_how_to_reach_the_page() -> None:
    assert "ssh" not in demo.banner(8099, 8100, "link", {}, "owner")
    shown = demo.banner(8099, 8100, "link", {"SSH_CONNECTION": "10.0.0.1 5555 10.0.0.2 22"}, "owner")
    assert "ssh -L 8099:127.0.0.1:8099 -L 8100:127.0.0.1:8100 owner@10.0.0.2" in shown
    shown = demo.banner(8100, 8101, "link", {"SSH_CONNECTION": "10.0.0.1 5555 10.0.0.2 2222"}, "owner")
    assert "-L 8101:127.0.0.1:8101 -p 2222 owner@10.0.0.2" in shown


def test_where_the_demo_keeps_its_files() -> None:
    assert demo.default_directory({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/stocksup/demo")
    assert demo.default_directory({"HOME": "/h"}) == Path("/h/.local/state/stocksup/demo")
