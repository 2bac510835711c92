"""Deposits over HTTP: signed requests to a real bot on the loopback interface."""

from __future__ import annotations

import contextlib
import json
import re
import select
import socket
import subprocess
import textwrap
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from botapp.local_discord.ids import ADMIN_CHANNEL_ID, BUDI_ID, LIVE_CHANNEL_ID
from botapp.services.deposits.connections import MAX_CONNECTIONS
from botapp.services.deposits.http_server import MAX_BODY_BYTES
from botapp.services.deposits.signing import sign, sign_answer
from botapp.store.usecases import accounts
from tests.support.discord.bot_process import PATIENCE_S, BotProcess, FakeSupervisor, free_port, write_config
from tests.support.discord.control import DiscordControl, controls, local_discord
from tests.support.python_process import ROOT
from tests.support.shop.shop import text
from tests.support.shop.shop_database import Books, books_of

KEY = b"0123456789abcdef0123456789abcdef"
REPORT = {"id": "tx-1", "handle": "budi", "amount": "1 Coin, 4 Coin"}


class Sender:
    """A program on this host that reports deposits."""

    def __init__(self, port: int) -> None:
        self.port = port

    def wait(self) -> None:
        """Wait until the port accepts connections; the bot retries a port in use, and no event announces success."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline_s, "the server does not listen"
                time.sleep(0.05)
            else:
                return

    def send(
        self,
        report: object,
        *,
        key: bytes = KEY,
        at_s: float | None = None,
        body: bytes | None = None,
        method: str = "POST",
        path: str = "/deposits",
    ) -> tuple[int, dict[str, Any]]:
        """Send a report; return the status and the response, which must be signed if the report was."""
        signed = json.dumps(report).encode()
        timestamp = str(int(time.time() if at_s is None else at_s))
        headers = {"X-Timestamp": timestamp, "X-Signature": sign(key, timestamp, signed)}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, signed if body is None else body, headers)
            response = connection.getresponse()
            answer = response.read()
            signed_by_bot = response.getheader("X-Signature")
            if response.status in (401, 404, 405, 413):
                assert signed_by_bot is None
            else:
                assert signed_by_bot == sign_answer(key, headers["X-Signature"], response.status, answer)
            return response.status, json.loads(answer)
        finally:
            connection.close()


def configured(place: Path, port: int) -> None:
    """Write the configuration and the key file."""
    extra = f"""
language = "en"
[store]
notice_channel_id = {ADMIN_CHANNEL_ID}
[store.deposits]
http_port = {port}
http_secret_file = "deposits.key"
"""
    write_config(place, extra, channel_id=LIVE_CHANNEL_ID)
    (place / "deposits.key").write_bytes(KEY + b"\n")
    (place / "deposits.key").chmod(0o600)


@pytest.fixture
def discord() -> Iterator[DiscordControl]:
    with local_discord() as one:
        yield one


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    one = Sender(free_port())
    configured(tmp_path / "bot", one.port)
    return one


@pytest.fixture
def books(tmp_path: Path, sender: Sender) -> Books:
    one = books_of(tmp_path / "bot")
    one.do(accounts.register, BUDI_ID, "Budi", 1)
    return one


@pytest.fixture
def bot(tmp_path: Path, discord: DiscordControl, books: Books, sender: Sender) -> Iterator[BotProcess]:
    with BotProcess(tmp_path / "bot", discord) as one:
        discord.wait_for_bot()
        sender.wait()
        yield one


def test_deposit_is_booked_once_and_the_member_is_notified(
    discord: DiscordControl, bot: BotProcess, books: Books, sender: Sender
) -> None:
    facts = {"id": "tx-1", "handle": "budi", "amount": 5}
    assert sender.send(REPORT) == (200, {"status": "booked", **facts, "balance": 5})
    discord.wait_for_message("Budi", lambda one: "5 C has arrived" in text(one), channel="dm")
    assert sender.send(REPORT) == (200, {"status": "already booked", **facts})
    assert sender.send({**REPORT, "amount": 5, "handle": "BUDI"})[1]["status"] == "already booked", "it says the same"
    for other in ({"amount": 6}, {"handle": "sari"}):
        assert sender.send({**REPORT, **other}) == (409, {"error": "conflict", "id": "tx-1"})
    assert sender.send({**REPORT, "id": "tx-2", "amount": 7})[1]["balance"] == 12
    assert books.balance("budi") == 12


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": 10**30}, "amount"),
        ({"amount": "five"}, "amount"),
        ({"amount": "-5 Coin"}, "amount"),
        ({"amount": "0.500 Coin"}, "amount"),
        ({"amount": "1,234.567"}, "amount"),
        ({"handle": "nobody"}, "handle"),
        ({"handle": "b\0d"}, "handle"),
    ],
)
def test_invalid_deposit_is_refused_listed_and_reported(
    discord: DiscordControl, bot: BotProcess, books: Books, sender: Sender, changed: dict[str, object], reason: str
) -> None:
    for _ in range(2):
        status, answer = sender.send({**REPORT, **changed})
        assert (status, answer["status"], answer["reason"]) == (422, "refused", reason)
    assert [one.refusal for one in books.deposits()] == [reason]
    discord.wait_for_message("Admin", lambda one: "Deposit refused" in text(one), channel="admin")
    assert books.balance("budi") == 0


def test_unauthorized_request_reveals_and_changes_nothing(
    discord: DiscordControl, bot: BotProcess, books: Books, sender: Sender
) -> None:
    stranger = (401, {"error": "unauthorized"})
    assert sender.send(REPORT, key=b"x" * 32) == stranger
    assert sender.send(REPORT, at_s=time.time() - 310) == stranger
    assert sender.send(REPORT, at_s=time.time() + 310) == stranger
    assert sender.send(REPORT, body=b"{}") == stranger
    assert sender.send(REPORT, body=b"not JSON") == stranger
    assert sender.send({**REPORT, "handle": "nobody"}, key=b"") == stranger
    assert sender.send(REPORT, body=b"x" * (MAX_BODY_BYTES + 1)) == (413, {"error": "too large"})
    assert sender.send(REPORT, method="GET")[0] == 405
    assert sender.send(REPORT, path="/")[0] == 404
    assert books.deposits() == []
    discord.wait_for_message("Admin", lambda one: "its signature is wrong" in text(one), channel="admin")
    assert bot.log.count("its signature is wrong") == 1, "said once, not each time"


@pytest.mark.parametrize(
    "report",
    [
        [],
        {},
        {**REPORT, "more": 1},
        {**REPORT, "id": ""},
        {**REPORT, "id": "x" * 101},
        {**REPORT, "id": "two words"},
        {**REPORT, "id": "tx-1\n"},
        {**REPORT, "id": 5},
        {**REPORT, "amount": 1.5},
        {**REPORT, "amount": True},
        {**REPORT, "amount": None},
        {**REPORT, "handle": "x" * 101},
        {**REPORT, "handle": "\ud800"},
    ],
)
def test_bad_request_is_explained(bot: BotProcess, books: Books, sender: Sender, report: object) -> None:
    status, answer = sender.send(report)
    assert (status, answer["error"].startswith("bad request: ")) == (400, True)
    assert books.deposits() == []


def test_server_listens_on_loopback_only(bot: BotProcess, sender: Sender) -> None:
    table = Path("/proc/net/tcp").read_text()
    listening = [line.split()[1] for line in table.splitlines() if line.split()[3] == "0A"]
    assert [one for one in listening if one.endswith(f":{sender.port:04X}")] == [f"0100007F:{sender.port:04X}"]


def test_idle_connections_are_limited(bot: BotProcess, sender: Sender) -> None:
    with contextlib.ExitStack() as callers:
        idle = [
            callers.enter_context(socket.create_connection(("127.0.0.1", sender.port), timeout=10))
            for _ in range(MAX_CONNECTIONS - 4)
        ]
        assert sender.send(REPORT)[0] == 200
        idle += [callers.enter_context(socket.create_connection(("127.0.0.1", sender.port))) for _ in range(10)]
        for oldest in idle[:6]:
            gone, _, _ = select.select([oldest], [], [], PATIENCE_S)
            assert gone and oldest.recv(1) == b""
        assert sender.send(REPORT)[0] == 200


def test_slow_connections_keep_no_deposit_out(bot: BotProcess, sender: Sender) -> None:
    """80 connections that send a byte now and then kept 246 of 247 deposits out."""
    begun = b"POST /deposits HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n"
    with contextlib.ExitStack() as callers:
        for number in range(20):
            for _ in range(80 if number == 0 else 10):
                slow = callers.enter_context(socket.create_connection(("127.0.0.1", sender.port), timeout=10))
                slow.sendall(begun)
            assert sender.send({**REPORT, "id": f"tx-{number}"})[1]["status"] == "booked"


def test_malformed_requests_write_one_line(bot: BotProcess, sender: Sender) -> None:
    garbage = (
        b"POST /deposits HTTP/1.1\r\nHost\x00: x\r\n\r\n",
        b"\x16\x03\x01\x02 hello\r\n\r\n",
        b"GET x HTTP/9\r\n\r\n",
    )
    for _ in range(20):
        for one in garbage:
            with socket.create_connection(("127.0.0.1", sender.port), timeout=10) as caller:
                caller.sendall(one)
                while caller.recv(4096):
                    continue
    assert sender.send(REPORT)[0] == 200
    assert bot.log.count("not valid HTTP") == 1
    assert "Traceback" not in bot.log
    assert "BadHttp" not in bot.log


def test_port_in_use_is_shown_and_retried(
    tmp_path: Path, discord: DiscordControl, books: Books, sender: Sender
) -> None:
    supervisor = FakeSupervisor(tmp_path / "stocksup.sock")
    with (
        socket.create_server(("127.0.0.1", sender.port)) as other,
        BotProcess(tmp_path / "bot", discord, supervisor=supervisor) as bot,
    ):
        supervisor.greet()
        discord.wait_for_bot()
        health = _health(supervisor, healthy=False)
        assert f"port {sender.port}" in health["last_error"]
        other.close()
        assert _health(supervisor, healthy=True)["last_error"] is None
        assert sender.send(REPORT)[0] == 200
        assert bot.log.count("cannot listen for deposits") == 1
        supervisor.hang_up()


def test_draining_bot_refuses_deposits_until_it_reopens(
    tmp_path: Path, discord: DiscordControl, books: Books, sender: Sender
) -> None:
    supervisor = FakeSupervisor(tmp_path / "stocksup.sock")
    with BotProcess(tmp_path / "bot", discord, supervisor=supervisor):
        supervisor.greet()
        supervisor.grant(supervisor.read("ready"), restart=None)
        sender.wait()
        assert sender.send(REPORT)[0] == 200
        assert supervisor.ask("drain", deadline_s=0.5, reason="stop")["ok"]
        supervisor.grant(supervisor.read("drained"))
        assert sender.send({**REPORT, "id": "tx-2"}) == (503, {"error": "come again"})
        supervisor.vanish()
        discord.wait_for_message("Budi", lambda one: any(not part.get("disabled") for part in controls(one)[1:]))
        assert sender.send({**REPORT, "id": "tx-2"})[0] == 200
    assert books.balance("budi") == 10


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda key: key.unlink(), "does not exist; create one"),
        (lambda key: key.chmod(0o640), "run: chmod 600"),
        (lambda key: key.write_text("short"), "must have 32 to 4096 bytes"),
    ],
    ids=["missing", "open", "short"],
)
def test_bad_key_file_is_a_configuration_error(
    tmp_path: Path, discord: DiscordControl, sender: Sender, spoil: Any, words: str
) -> None:
    spoil(tmp_path / "bot" / "deposits.key")
    with BotProcess(tmp_path / "bot", discord) as bot:
        assert bot.wait() == 78
        assert words in bot.log
        assert "short" not in bot.log


def test_examples_of_the_documentation_work(tmp_path: Path, bot: BotProcess, books: Books, sender: Sender) -> None:
    page = (ROOT / "docs" / "how-to" / "deposits.md").read_text().replace("8790", str(sender.port))
    page = page.replace("1 World Lock, 2 Diamond Lock", "201")
    found = re.findall(r"^( *)```(?:sh deposits|python (\S+))\n(.*?)^\1```$", page, re.DOTALL | re.MULTILINE)
    scripts = [(name, textwrap.dedent(text)) for _indent, name, text in found]
    (tmp_path / "bot" / "made").mkdir()
    for name, script in scripts:
        if name:
            (tmp_path / "bot" / name).write_text(script)
        elif "openssl rand" in script:
            # it creates a new key, but this bot has already read its own
            _sh(script, tmp_path / "bot" / "made")
            made = tmp_path / "bot" / "made" / "deposits.key"
            assert (made.stat().st_mode & 0o777, len(made.read_bytes().strip())) == (0o600, 64)
        else:
            assert '"booked"' in _sh(script, tmp_path / "bot").replace("'", '"')
    assert books.balance("budi") == 402
    assert [name for name, _text in scripts] == ["", "deposit.py", "", ""]
    bot.end()
    with impostor(sender.port):
        for _name, script in scripts[2:]:
            with pytest.raises(AssertionError):
                _sh(script, tmp_path / "bot")
    assert books.balance("budi") == 402


@contextlib.contextmanager
def impostor(port: int) -> Iterator[None]:
    """Listen on the bot's port as another user of this host, and answer every report that it is booked."""
    answer = b'{"status":"booked","balance":402}'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Signature: %s\r\n\r\n" % (len(answer), b"0" * 64)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                with listener.accept()[0] as caller:
                    while b"payment-" not in caller.recv(65536):
                        continue
                    caller.sendall(head + answer)

    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _sh(script: str, directory: Path) -> str:
    """Run the scripts of the documentation, and return their output."""
    done = subprocess.run(["sh", "-ec", script], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _health(supervisor: FakeSupervisor, *, healthy: bool) -> dict[str, Any]:
    """Return what the next heartbeat says that has it so."""
    while True:
        beat = supervisor.read("heartbeat")
        supervisor.grant(beat)
        part: dict[str, Any] = beat["health"].get("deposits_http") or {}
        if part.get("is_healthy") is healthy:
            return part
