"""A whole shop for a test: supervisor, local Discord and bot, as `stocksup start` runs them, driven from outside."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from supervisor.client import Client, ControlError
from supervisor.processes import process
from tests.support import python_process
from tests.support.discord.control import DiscordControl, Json, controls, local_discord
from tests.support.python_process import ROOT, Process
from tests.support.shop.products import stock_up

#: nothing here takes long; what takes this long hangs
PATIENCE_S = 40.0

T = TypeVar("T")


class Shop:
    """One instance below a directory of its own, with the code it runs."""

    def __init__(
        self, directory: Path, *, own_code: bool = False, drain_timeout_s: float = 20.0, extra: str = "",
        discord: DiscordControl | None = None,
    ) -> None:  # fmt: skip
        """With `own_code` the instance runs a copy of the packages, which a test may then break.

        Without `discord` the local Discord is one of its programs, as in the demo.
        """
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.code = ROOT
        if own_code:
            self.code = directory / "code"
            for package in ("supervisor", "botapp"):
                shutil.copytree(ROOT / package, self.code / package)
        self.port = discord.port if discord else free_port()
        self.discord = discord or DiscordControl(self.port)
        self.config = directory / "config.toml"
        self.config.write_text(_config(self.port, drain_timeout_s, extra + ("" if discord else _discord(self.port))))
        stock_up(directory)
        (directory / "token").write_text("demo-token\n")
        (directory / "token").chmod(0o600)
        self.socket = directory / "state" / "stocksup.sock"
        self._supervisor: Process | None = None
        self._log_start = 0

    # --- the supervisor ---

    def start(self) -> None:
        """Start the supervisor and wait until the bot is ready."""
        self.start_supervisor()
        self.wait_for_state("bot", "RUNNING")

    def start_supervisor(self, *words: str, **environ: str) -> None:
        """Start the supervisor and wait until its control socket accepts connections."""
        reader, writer = os.pipe()
        words = ("--config", str(self.config), "--report-fd", str(writer), *words)
        environ = {**self.environ(), **environ}
        self._supervisor = python_process.start("supervisor", *words, env=environ, pass_fds=(writer,))
        os.close(writer)
        with open(reader) as report:
            answer = json.loads(report.readline())
        assert answer["ok"], answer

    def environ(self) -> dict[str, str]:
        """Return the environment that commands of this instance run in."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("STOCKSUP", "DISCORD"))}
        return {**inherited, "PYTHONPATH": str(self.code), "STOCKSUP_CONFIG": str(self.config)}

    def kill_supervisor(self) -> None:
        """Kill the supervisor; its programs go on."""
        assert self._supervisor is not None
        self._supervisor.kill()
        self._supervisor.wait(PATIENCE_S)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell the supervisor to end everything; return its exit code."""
        assert self._supervisor is not None
        self._supervisor.send_signal(number)
        return self._supervisor.wait(PATIENCE_S)

    def end(self) -> list[int]:
        """End whatever is left, by force; return the pids of what should not have been there."""
        if self._supervisor is not None and self._supervisor.poll() is None:
            self.stop()
        return process.kill_descendants(-1, {"STOCKSUP_SOCKET": str(self.socket)})

    # --- control socket ---

    def ask(self, op: str, **fields: Any) -> Json:
        """Ask the supervisor."""
        with Client(self.socket) as client:
            return client.request(op, timeout_s=PATIENCE_S, **fields)

    def program(self, name: str = "bot") -> Json:
        """Return what `status` says of a program."""
        found: Json = next(one for one in self.ask("status")["programs"] if one["name"] == name)
        return found

    def wait_for_state(self, name: str, state: str, *, life: int = 1) -> Json:
        """Wait until a program is in `state`, with life `life` or a later one."""

        def there() -> Json | None:
            program = self.program(name)
            return program if program["state"] == state and program["life"] >= life else None

        return self.wait_for(there)

    def wait_until_alone(self) -> None:
        """Wait until no earlier process of the bot finishes its work, and could serve again."""
        self.wait_for(lambda: self.program()["retiring"] is None)

    def wait_for_other_process(self, before: Json) -> Json:
        """Wait until another process than that in `before` serves."""

        def other() -> Json | None:
            program = self.program()
            return program if program["state"] == "RUNNING" and program["pid"] != before["pid"] else None

        return self.wait_for(other)

    def wait_for(self, predicate: Callable[[], T | None]) -> T:
        """Return what `predicate` returns once it is true, asked now and whenever something has changed."""
        # an event between the request and the subscription would be missed
        return self._wait_on(predicate, time.monotonic() + PATIENCE_S)

    def _wait_on(self, predicate: Callable[[], T | None], deadline_s: float) -> T:
        while not (result := predicate()):
            assert time.monotonic() < deadline_s, "it has not become so"
            time.sleep(0.1)
        return result

    def log(self, program: str = "bot") -> str:
        """Return the log of a program; that of the bot from where `begin_log` was called."""
        text = (self.directory / "state" / "logs" / f"{program}.log").read_text()
        return text[self._log_start :] if program == "bot" else text

    def begin_log(self) -> None:
        """Leave what the bot has logged so far out of `log`."""
        self._log_start += len(self.log())

    # --- Discord ---

    def restart_from_discord(self, *, by: str = "Admin", answer: str = "ya") -> Json:
        """Type `!restart` and confirm it; return the question as the member sees it."""
        self.discord.say(by, "!restart")
        question = self.discord.wait_for_message(by, lambda message: has_button(message, "ya") or "ya" in text(message))
        self.discord.say(by, answer)
        return question

    def click(self, custom_id: str, *, by: str = "Budi") -> Json:
        """Click a button of the live message; return how it ended for the member."""
        return self.discord.interaction(self.discord.click(by, custom_id), wait_s=4)


@contextmanager
def shop(
    directory: Path, *, discord: DiscordControl | None = None, as_in_demo: bool = False, **options: Any
) -> Iterator[Shop]:
    """Run a shop for a test. Processes that remain at the end are a failure.

    Args:
        discord: the local Discord; by default the shop gets one of its own, outside of its supervisor.
        as_in_demo: whether the local Discord is a program of its supervisor.
    """
    if discord is None and not as_in_demo:
        with local_discord() as own, shop(directory, discord=own, **options) as running:
            yield running
        return
    one = Shop(directory, discord=discord, **options)
    try:
        yield one
    except BaseException:
        with contextlib.suppress(OSError):
            sys.stderr.write(one.log("supervisor")[-4000:] + one.log()[-6000:])
        one.end()
        raise
    left = one.end()
    assert not left, f"processes were left behind: {left}"


def refused(shop: Shop, op: str, **fields: Any) -> ControlError:
    """Return the error that a request is refused with."""
    try:
        answer = shop.ask(op, **fields)
    except ControlError as error:
        return error
    raise AssertionError(f"{op} was granted: {answer}")


def text(message: Json) -> str:
    """Return all words of a message: content and embeds."""
    embeds = message.get("embeds") or []
    parts = [message.get("content") or ""]
    for embed in embeds:
        parts += [embed.get("title") or "", embed.get("description") or ""]
        parts += [f"{field['name']} {field['value']}" for field in embed.get("fields") or []]
        parts.append((embed.get("footer") or {}).get("text") or "")
    return "\n".join(part for part in parts if part)


def replied_to(message: Json) -> str | None:
    """Return the id of the message that a message replies to."""
    reference: Json = message.get("message_reference") or {}
    return reference.get("message_id")


def has_button(message: Json, label: str) -> bool:
    """Tell whether a message has a button whose label begins so."""
    return any((one.get("label") or "").lower().startswith(label) for one in controls(message))


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _config(port: int, drain_timeout_s: float, extra: str) -> str:
    return f"""
language = "id"

[discord]
token_file = "token"
api_base = "http://127.0.0.1:{port}/api/v10"
gateway = "ws://127.0.0.1:{port}/gateway"

[bot]
live_channel_id = 1400000000000000010
{extra}

[programs.bot]
drain_timeout_s = {drain_timeout_s}
stop_timeout_s = 5
probation_s = 1
"""


def _discord(port: int) -> str:
    return f"""
[programs.discord]
command = ["python", "-m", "botapp.local_discord", "--port", "{port}"]
drain = false
flush_cache = false
"""
