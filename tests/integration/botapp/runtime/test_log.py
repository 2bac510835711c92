"""The bot's log: a rotated file, and systemd's journal."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from botapp.local_discord.ids import LIVE_CHANNEL_ID
from tests.support.discord.bot_process import BotProcess, FakeSupervisor, write_config
from tests.support.discord.control import local_discord

ENDED = "berakhir sesuai permintaan"


def test_log_continues_in_a_new_file_and_in_the_journal(tmp_path: Path) -> None:
    write_config(tmp_path / "bot", channel_id=LIVE_CHANNEL_ID)
    supervisor = FakeSupervisor(tmp_path / "stocksup.sock")
    path, old = tmp_path / "bot" / "bot.log", tmp_path / "bot" / "bot.log.1"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal,
        local_discord() as discord,
    ):
        journal.bind(str(tmp_path / "journal"))
        journal.settimeout(20)
        with BotProcess(tmp_path / "bot", discord, supervisor=supervisor, journal=tmp_path / "journal") as bot:
            supervisor.greet()
            supervisor.grant(supervisor.read("ready"), restart=None)
            first = dict(line.split("=", 1) for line in journal.recv(65536).decode().splitlines())
            assert (first["PRIORITY"], first["SYSLOG_IDENTIFIER"], first["STOCKSUP_LIFE"]) == ("6", "stocksup-bot", "1")
            path.rename(old)
            assert supervisor.ask("reopen")["ok"]
            bot.send(signal.SIGTERM)
            supervisor.grant(supervisor.read("goodbye"))
            assert bot.wait() == 0
            supervisor.hang_up()
        assert first["MESSAGE"] in old.read_text()
        assert ENDED in path.read_text()
        assert ENDED not in old.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
        messages = [first["MESSAGE"]]
        while messages[-1] != ENDED:
            messages.append(journal.recv(65536).decode().rpartition("MESSAGE=")[2].strip())
