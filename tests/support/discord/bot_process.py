"""The bot as a process of its own, before a local Discord and, if wanted, a supervisor of the test's making."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any, Final

from supervisor.client import open_socket
from tests.support import python_process
from tests.support.discord.control import DiscordControl
from tests.support.python_process import ROOT
from tests.support.shop.products import stock_up

#: nothing here takes long; what takes this long hangs
PATIENCE_S: Final = 20.0

Message = dict[str, Any]


class FakeSupervisor:
    """A fake supervisor for one program; every wait is bounded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listener = open_socket(path, listen=True)
        self._listener.settimeout(PATIENCE_S)
        self._next_id = 0

    def greet(self, ticket: Message | None = None, **fields: Any) -> Message:
        """Accept the program's connection and its hello, send welcome with further fields; return the hello."""
        self._sock, _ = self._listener.accept()
        self._sock.settimeout(PATIENCE_S)
        self._lines = self._sock.makefile("rb")
        hello = self.read("hello")
        self.grant(hello)
        self.ask("welcome", life=hello["life"], ticket=ticket, **fields)
        return hello

    def read(self, *ops: str) -> Message:
        """Return the next request with one of these ops; accept and skip all others."""
        while True:
            line = self._lines.readline()
            assert line, "the program closed the connection"
            message: Message = json.loads(line)
            if message.get("op") in ops:
                return message
            if "op" in message:
                self.grant(message)

    def ask(self, op: str, **fields: Any) -> Message:
        """Send a request to the program and return its answer; accept its own requests meanwhile."""
        self._next_id += 1
        self._send({"v": 1, "id": self._next_id, "op": op, **fields})
        while True:
            message: Message = json.loads(self._lines.readline())
            if "op" not in message and message["id"] == self._next_id:
                return message
            self.grant(message)

    def grant(self, request: Message, **fields: Any) -> None:
        """Accept a request."""
        self._send({"v": 1, "id": request["id"], "ok": True, **fields})

    def refuse(self, request: Message, code: str, message: str) -> None:
        """Refuse a request."""
        self._send({"v": 1, "id": request["id"], "ok": False, "error": {"code": code, "message": message}})

    def hang_up(self) -> None:
        """Close the connection; the program may reconnect."""
        self._lines.close()
        self._sock.close()

    def vanish(self) -> None:
        """Close the connection and the socket."""
        self._listener.close()
        self.path.unlink()
        self.hang_up()

    def _send(self, message: Message) -> None:
        self._sock.sendall(json.dumps(message).encode() + b"\n")


class BotProcess:
    """One life of the bot in `directory`."""

    def __init__(
        self,
        directory: Path,
        discord: DiscordControl | None,
        *,
        supervisor: FakeSupervisor | None = None,
        life: int = 1,
        journal: Path | None = None,
        is_prepared: bool = False,
    ) -> None:
        """`is_prepared`: another life serves; this one gets its cache directories when it is to serve."""
        self.directory = directory
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("STOCKSUP", "DISCORD"))}
        environ |= {"PYTHONPATH": str(ROOT), "STOCKSUP_CONFIG": str(directory / "config.toml")}
        environ["XDG_CACHE_HOME"] = str(directory / "cache")
        if discord is not None:
            environ |= {"STOCKSUP_DISCORD_API": discord.api_base, "STOCKSUP_DISCORD_GATEWAY": discord.gateway}
        if supervisor is not None:
            environ |= {"STOCKSUP_SOCKET": str(supervisor.path), "STOCKSUP_PROGRAM": "bot", "STOCKSUP_LIFE": str(life)}
            if is_prepared:
                environ["STOCKSUP_ROLE"] = "prepared"
            else:
                environ["STOCKSUP_CACHE_DIR"] = str(directory / "temp")
                environ["STOCKSUP_CACHE_PERM_DIR"] = str(directory / "perm")
            environ["STOCKSUP_LOG_FILE"] = str(directory / "bot.log")
        if journal is not None:
            environ["STOCKSUP_JOURNAL"] = str(journal)
        self._log = (directory / "bot.log").open("ab")
        self._process = python_process.start("botapp", env=environ, stderr=self._log)

    def __enter__(self) -> BotProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE_S)
        self._log.close()

    def wait(self) -> int:
        """Return the exit code, once it has ended by itself."""
        return self._process.wait(PATIENCE_S)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.send(number)
        return self.wait()

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self.directory / "bot.log").read_text()


def write_config(directory: Path, extra: str = "", *, channel_id: int, token: str = "demo-token") -> None:
    """Write what a bot needs into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    text = f'{extra}\n[discord]\ntoken_file = "token"\n[bot]\nlive_channel_id = {channel_id}\n'
    (directory / "config.toml").write_text(text)
    stock_up(directory)
    (directory / "token").write_text(token)
    (directory / "token").chmod(0o600)


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
