"""The control socket under attack: its limits hold, and the supervisor still answers."""

from __future__ import annotations

import json
import os
import resource
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisor.client import MAX_LINE_BYTES, ControlError, open_socket
from supervisor.config.listen import MAX_SOCKETS
from supervisor.control import connection as limits
from supervisor.control import protocol, server
from supervisor.control.connection import ClientConnection
from supervisor.processes import procfs
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot

PING = protocol.encode_request(1, "ping")


class ServerUnderTest:
    """A control server without a supervisor: the test turns the event loop and sets the clock."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "control.sock"
        self.now_s = 1000.0
        self.lives: set[int] = set()
        self.accept_errors: list[OSError | None] = []
        self.requests: list[tuple[ClientConnection, protocol.AnyRequest]] = []
        self.act: Callable[[ClientConnection, protocol.AnyRequest], None] = self.answer
        self.selector = selectors.DefaultSelector()
        self.server = server.ControlServer(
            self.path,
            self.selector,
            lambda connection, request: self.act(connection, request),
            lambda connection: None,
            lambda pid: pid in self.lives,
            self.accept_errors.append,
            lambda: self.now_s,
        )

    def answer(self, connection: ClientConnection, request: protocol.AnyRequest) -> None:
        self.requests.append((connection, request))
        self.server.answer(connection, protocol.encode_answer(request.id))

    def turn(self) -> None:
        """Turn the event loop once."""
        for key, mask in self.selector.select(0):
            key.data(mask)
        self.server.serve()
        self.server.run_due()

    def connect(self, data: bytes = b"") -> socket.socket:
        """Connect a client that sends `data`."""
        peer = open_socket(self.path)
        self.turn()
        peer.setblocking(False)
        if data:
            peer.send(data)
        return peer


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[ServerUnderTest]:
    under_test = ServerUnderTest(tmp_path)
    yield under_test
    under_test.server.close()
    under_test.selector.close()


def received(peer: socket.socket) -> list[dict[str, Any]]:
    """Return the messages that the client has received; {} at the end stands for a closed connection."""
    data = b""
    try:
        while chunk := peer.recv(65536):
            data += chunk
        ended: list[dict[str, Any]] = [{}]
    except ConnectionResetError:
        ended = [{}]
    except BlockingIOError:
        ended = []
    return [json.loads(line) for line in data.splitlines()] + ended


def refusal(peer: socket.socket) -> str:
    """Return the code of the error with which the client was disconnected."""
    messages = received(peer)
    assert messages[1:] == [{}], messages
    code: str = messages[0]["error"]["code"]
    return code


# --- one server, turn by turn ---


def test_one_line_per_connection_and_turn(attacked: ServerUnderTest) -> None:
    peers = [attacked.connect() for _ in range(20)]
    for peer in peers[1:]:
        peer.send(PING * 50)
    peers[0].send(PING)
    attacked.turn()
    assert len(received(peers[0])) == 1
    for _ in range(5):
        attacked.requests.clear()
        attacked.turn()
        assert len({id(connection) for connection, _ in attacked.requests}) == len(attacked.requests) == 19


def test_turn_without_time_handles_one_line_of_the_client_that_waits_longest(
    attacked: ServerUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = [attacked.connect() for _ in range(5)]
    for peer in peers:
        peer.send(PING * 10)
    monkeypatch.setattr(server, "TURN_S", 0.0)
    for _ in range(2 * len(peers)):
        attacked.turn()
    connections = list(attacked.server.connections)
    handled = [connection for connection, _request in attacked.requests]
    assert handled == connections * 2
    assert attacked.server.next_deadline() == attacked.now_s, "the remaining lines do not wait for an event"


def test_line_without_end_times_out(attacked: ServerUnderTest) -> None:
    slow = attacked.connect(b'{"v":1')
    attacked.turn()
    for _ in range(9):
        attacked.now_s += 1
        slow.send(b" ")
        attacked.turn()
    assert received(slow) == []
    attacked.now_s += 1
    assert attacked.server.next_deadline() == attacked.now_s
    attacked.turn()
    assert refusal(slow) == "timed_out"


def test_idle_client_times_out_only_before_its_first_line(attacked: ServerUnderTest) -> None:
    silent, spoke = attacked.connect(), attacked.connect(PING)
    attacked.turn()
    attacked.now_s += limits.IDLE_TIMEOUT_S
    attacked.turn()
    assert refusal(silent) == "timed_out"
    assert len(received(spoke)) == 1
    attacked.now_s += 10 * limits.IDLE_TIMEOUT_S
    attacked.turn()
    assert received(spoke) == []


def test_line_over_the_limit_is_refused(attacked: ServerUnderTest) -> None:
    peer = attacked.connect(b"x" * (MAX_LINE_BYTES - 1))
    attacked.turn()
    (connection,) = attacked.server.connections
    assert connection.buffered_bytes == MAX_LINE_BYTES - 1
    peer.send(b"xx")
    attacked.turn()
    assert refusal(peer) == "too_long"


def test_client_that_does_not_read_is_not_read_from(attacked: ServerUnderTest) -> None:
    attacked.act = lambda connection, request: attacked.server.answer(
        connection, protocol.encode_answer(request.id, text="x" * 60_000)
    )
    peer = attacked.connect(PING * 500)
    for _ in range(300):
        attacked.turn()
    (connection,) = attacked.server.connections
    assert 0 < connection.buffered_bytes < 3 * MAX_LINE_BYTES
    assert attacked.server.next_deadline() is None, "nothing is to do until it reads"
    answers = 0
    while answers < 500:
        answers += peer.recv(65536).count(b"\n")
        attacked.turn()


def test_unanswered_requests_of_one_client_are_limited(attacked: ServerUnderTest) -> None:
    attacked.act = lambda connection, request: attacked.requests.append((connection, request))
    attacked.connect(PING * 100)
    for _ in range(50):
        attacked.turn()
    assert len(attacked.requests) == limits.MAX_IN_FLIGHT
    assert attacked.server.next_deadline() is None
    for connection, request in attacked.requests[:3]:
        attacked.server.answer(connection, protocol.encode_answer(request.id))
    for _ in range(50):
        attacked.turn()
    assert len(attacked.requests) == limits.MAX_IN_FLIGHT + 3


def test_all_buffers_together_are_limited(attacked: ServerUnderTest) -> None:
    peers = [attacked.connect(b"x" * (MAX_LINE_BYTES - 1)) for _ in range(100)]
    for _ in range(3):
        attacked.turn()
    buffered_bytes = sum(connection.buffered_bytes for connection in attacked.server.connections)
    assert buffered_bytes <= server.MAX_BUFFERED_BYTES
    assert 0 < len(attacked.server.connections) < len(peers)


def test_connections_are_limited_with_a_reserve_for_lives(attacked: ServerUnderTest) -> None:
    attacked.server._max_connections = 2
    clients = [attacked.connect(PING) for _ in range(2)]
    assert refusal(attacked.connect()) == "busy"
    clients.pop().close()
    attacked.turn()
    clients.append(attacked.connect(PING))
    attacked.lives.add(os.getpid())
    # all clients of this test have the pid of the one life
    clients += [attacked.connect(PING) for _ in range(server.LIFE_RESERVE - 2)]
    attacked.turn()
    assert all(received(peer)[0]["ok"] for peer in clients)
    assert refusal(attacked.connect()) == "busy"


def test_accepting_pauses_without_a_descriptor(attacked: ServerUnderTest) -> None:
    former = resource.getrlimit(resource.RLIMIT_NOFILE)
    peer = open_socket(attacked.path)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, former[1]))
    try:
        attacked.turn()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, former)
    assert [error and error.errno for error in attacked.accept_errors] == [24]
    assert attacked.selector.select(0) == []
    assert attacked.server.next_deadline() == attacked.now_s + server.ACCEPT_PAUSE_S
    attacked.now_s += server.ACCEPT_PAUSE_S
    attacked.turn()
    peer.send(PING)
    attacked.turn()
    attacked.turn()
    peer.setblocking(False)
    assert received(peer)[0]["ok"]
    assert attacked.accept_errors[-1] is None


# --- a supervisor ---


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Supervised]:
    with bot(tmp_path, "beat=0.1", heartbeat_timeout_s=15) as supervised:
        supervised.start()
        yield supervised


def test_ping_and_restart_under_attack(it: Supervised) -> None:
    """240 connections of every kind attack: `ping` is answered, no heartbeat is lost, a restart succeeds."""
    pid = it.status()["bot"]["pid"]
    attacks = [
        *(protocol.encode_request(1, op) * 300 for op in ("ping", "status", "history")),
        *(protocol.encode_request(1, "events"), b"", b'{"v":1,"id":1,"op":"pi', b"\xff\x00{}\n"),
        *(b"x" * (2 * MAX_LINE_BYTES), b"[]\n" * 1000),
    ]
    before_bytes = procfs.rss_bytes(it.pid) or 0
    crowd = [open_socket(it.socket) for _ in range(server.MAX_CONNECTIONS - 16)]
    try:
        for number, peer in enumerate(crowd):
            peer.setblocking(False)
            _flood(peer, attacks[number % len(attacks)])
        with it.client() as client:
            for _ in range(100):
                assert client.request("ping", timeout_s=PATIENCE_S)["pid"] == it.pid
                for number, peer in enumerate(crowd):
                    _flood(peer, attacks[number % len(attacks)])
        assert it.status()["bot"]["pid"] == pid
        assert it.restart()["to_life"] == 2
        grown_bytes = (procfs.rss_bytes(it.pid) or 0) - before_bytes
        assert grown_bytes < server.MAX_BUFFERED_BYTES + 16 * 1024 * 1024
    finally:
        for peer in crowd:
            peer.close()
    assert it.status()["bot"]["life"] == 2


def _flood(peer: socket.socket, data: bytes) -> None:
    try:
        peer.send(data)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        return  # the server does not read from it, or has disconnected it


def test_client_reads_a_refusal_that_came_before_its_request(it: Supervised) -> None:
    crowd = [open_socket(it.socket) for _ in range(server.MAX_CONNECTIONS)]
    try:
        with it.client() as client, pytest.raises(ControlError) as caught:
            client.request("ping", timeout_s=PATIENCE_S)
        assert caught.value.code == "busy"
    finally:
        for peer in crowd:
            peer.close()


_AS_ANOTHER_USER = """
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.settimeout(20)
try:
    peer.sendall(b'{"v":1,"id":1,"op":"shutdown"}' + bytes([10]))
except BrokenPipeError:
    pass  # refused before the request; the error can still be read
print(peer.makefile().readline())
"""


def test_another_user_is_refused_by_peer_credentials(tmp_path: Path) -> None:
    """Directory and socket are open to everybody here: the kernel tells which user connects."""
    as_user: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}
    prefix: list[str] = []
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        if sudo is None or subprocess.run([sudo, "-n", "-u", "nobody", "true"], check=False).returncode:
            pytest.skip("a second user is needed: run this as root, or allow sudo without a password")
        as_user, prefix = {}, [sudo, "-n", "-u", "nobody"]
    with tempfile.TemporaryDirectory(prefix="stocksup-control-") as name, bot(Path(name)) as it:
        it.start()
        for path, mode in ((Path(name), 0o711), (it.state, 0o711), (it.socket, 0o666)):
            path.chmod(mode)
        command = [*prefix, "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable]
        done = subprocess.run([*command, "-c", _AS_ANOTHER_USER, str(it.socket)], cwd="/", capture_output=True,
                              text=True, timeout=PATIENCE_S, check=True, **as_user)  # fmt: skip
        assert json.loads(done.stdout)["error"]["code"] == "forbidden"
        assert it.ask("ping")["pid"] == it.pid


def test_modes_of_state_directory_and_socket(it: Supervised) -> None:
    assert (it.state.stat().st_mode & 0o777, it.socket.stat().st_mode & 0o777) == (0o700, 0o600)


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_descriptors_are_taken_only_if_they_were_requested(attacked: ServerUnderTest) -> None:
    peer = attacked.connect(PING)
    attacked.turn()
    given = [2] * 2 * MAX_SOCKETS
    before = _open_descriptors()
    socket.send_fds(peer, [PING], given)  # not requested
    attacked.turn()
    assert len(attacked.requests) == 2
    assert _open_descriptors() == before
    (client,) = attacked.server.connections
    taken: list[int] = []
    attacked.server.request_sockets(client, taken.extend)
    for part in (b'{"v":1,"id":1,', b'"ok":true}\n'):  # more than there may be, and twice
        socket.send_fds(peer, [part], given)
        attacked.turn()
    attacked.turn()
    assert len(taken) == MAX_SOCKETS
    assert _open_descriptors() == before + MAX_SOCKETS
    for fd in taken:
        assert not os.get_inheritable(fd)
        os.close(fd)
    attacked.server.request_sockets(client, taken.extend)
    socket.send_fds(peer, [b'{"v":1,'], given)
    attacked.turn()
    assert _open_descriptors() == before + MAX_SOCKETS
    peer.close()  # in the middle of the answer
    attacked.turn()
    assert _open_descriptors() == before - 2  # both ends
    assert len(taken) == MAX_SOCKETS
