"""The door under attack: whoever asks properly is answered, whatever others do, and nobody fills the memory."""

from __future__ import annotations

import itertools
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

from supervisor.client import MAX_LINE_BYTES, ControlError, socket_at
from supervisor.control import fairness as turns
from supervisor.control import protocol
from supervisor.control import server as control
from supervisor.processes import process
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, bot

PING = protocol.ask(1, "ping")


class Attacked:
    """A door without a supervisor behind it: a turn of the loop is one call, and the clock is ours."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "door"
        self.now_s = 1000.0
        self.lives: set[int] = set()
        self.exhausted: list[OSError | None] = []
        self.asked: list[tuple[control.ClientConnection, protocol.AnyRequest]] = []
        self.act: Callable[[control.ClientConnection, protocol.AnyRequest], None] = self.answer
        self.selector = selectors.DefaultSelector()
        self.door = control.ControlServer(
            self.path,
            self.selector,
            lambda connection, request: self.act(connection, request),
            lambda connection: None,
            lambda pid: pid in self.lives,
            self.exhausted.append,
            lambda: self.now_s,
        )

    def answer(self, connection: control.ClientConnection, request: protocol.AnyRequest) -> None:
        self.asked.append((connection, request))
        self.door.answer(connection, protocol.answer(request.id))

    def turn(self) -> None:
        """One turn of the loop."""
        for key, mask in self.selector.select(0):
            key.data(mask)
        self.door.serve()

    def come(self, data: bytes = b"") -> socket.socket:
        """Somebody comes in and says something."""
        peer = socket_at(self.path)
        self.turn()
        peer.setblocking(False)
        if data:
            peer.send(data)
        return peer


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Attacked]:
    one = Attacked(tmp_path)
    yield one
    one.door.close()
    one.selector.close()


def heard(peer: socket.socket) -> list[dict[str, Any]]:
    """Return what the peer was told so far; it ends with {} when it was hung up on."""
    found = b""
    try:
        while data := peer.recv(65536):
            found += data
        ended: list[dict[str, Any]] = [{}]
    except ConnectionResetError:
        ended = [{}]
    except BlockingIOError:
        ended = []
    return [json.loads(line) for line in found.splitlines()] + ended


def refusal(peer: socket.socket) -> str:
    """Return the code of the refusal that a peer was shown out with."""
    told = heard(peer)
    assert told[1:] == [{}], told
    code: str = told[0]["error"]["code"]
    return code


# --- one door, turn by turn ---


def test_who_asks_now_and_then_is_answered_at_the_next_turn_while_others_pour(
    attacked: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr("supervisor.control.server.time.monotonic", lambda: next(ticks) / 10_000)
    pouring = [attacked.come(PING * 500) for _ in range(100)]
    for _ in range(40):
        attacked.turn()
    asks = attacked.come()
    for _ in range(20):
        asks.send(PING)
        attacked.turn()
        assert len(heard(asks)) == 1
    assert {len(heard(peer)) > 0 for peer in pouring} == {True}, "they have their turn too"


def test_a_life_is_heard_first_and_with_the_first_of_the_others_whatever_the_time(
    attacked: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = attacked.come()
    (connection,) = attacked.door.connections
    connection.life = ("bot", 1)
    crowd = [attacked.come(PING * 50) for _ in range(50)]
    monkeypatch.setattr(turns, "TURN_S", 0.0)
    for number in range(1, len(crowd) + 1):
        life.send(protocol.ask(2, "heartbeat", health={}))
        attacked.asked.clear()
        attacked.turn()
        assert [one is connection for one, _ in attacked.asked] == [True, False], number
    assert all(heard(peer) for peer in crowd), "each has had its turn"


def test_a_line_that_does_not_end_ends_the_connection(attacked: Attacked) -> None:
    slow = attacked.come(b'{"v":1')
    attacked.turn()
    for _ in range(9):
        attacked.now_s += 1
        slow.send(b" ")
        attacked.turn()
    assert heard(slow) == []
    attacked.now_s += 1
    assert attacked.door.due_s() == attacked.now_s
    attacked.turn()
    assert refusal(slow) == "timed_out"


def test_who_never_says_anything_is_shown_out_and_who_has_spoken_may_stay(attacked: Attacked) -> None:
    silent, spoke = attacked.come(), attacked.come(PING)
    attacked.turn()
    attacked.now_s += turns.SILENCE_TIMEOUT_S
    attacked.turn()
    assert refusal(silent) == "timed_out"
    assert len(heard(spoke)) == 1
    attacked.now_s += 10 * turns.SILENCE_TIMEOUT_S
    attacked.turn()
    assert heard(spoke) == []


def test_a_line_without_end_is_refused_and_takes_no_more_memory_than_a_line(attacked: Attacked) -> None:
    peer = attacked.come(b"x" * (MAX_LINE_BYTES - 1))
    attacked.turn()
    (connection,) = attacked.door.connections
    assert connection.held_bytes == MAX_LINE_BYTES - 1
    peer.send(b"xx")
    attacked.turn()
    assert refusal(peer) == "too_long"


def test_who_does_not_read_is_not_read_from(attacked: Attacked) -> None:
    attacked.act = lambda connection, request: attacked.door.answer(
        connection, protocol.answer(request.id, text="x" * 60_000)
    )
    peer = attacked.come(PING * 500)
    for _ in range(300):
        attacked.turn()
    (connection,) = attacked.door.connections
    assert 0 < connection.held_bytes < 3 * MAX_LINE_BYTES
    assert attacked.door.due_s() is None, "nothing is to be done about it until it reads"
    answers = 0
    while answers < 500:
        answers += peer.recv(65536).count(b"\n")
        attacked.turn()


def test_who_waits_for_many_answers_is_asked_nothing_more(attacked: Attacked) -> None:
    attacked.act = lambda connection, request: attacked.asked.append((connection, request))
    attacked.come(PING * 100)
    for _ in range(50):
        attacked.turn()
    assert len(attacked.asked) == turns.MAX_OWED
    assert attacked.door.due_s() is None
    for connection, request in attacked.asked[:3]:
        attacked.door.answer(connection, protocol.answer(request.id))
    for _ in range(50):
        attacked.turn()
    assert len(attacked.asked) == turns.MAX_OWED + 3


def test_all_together_hold_no_more_than_they_may(attacked: Attacked) -> None:
    halves = [attacked.come(b"x" * (MAX_LINE_BYTES - 1)) for _ in range(100)]
    for _ in range(3):
        attacked.turn()
    held_bytes = sum(one.held_bytes for one in attacked.door.connections)
    assert held_bytes <= turns.MAX_HELD_BYTES
    assert 0 < len(attacked.door.connections) < len(halves)


def test_a_full_house_makes_room_refuses_clearly_and_has_room_for_a_life(attacked: Attacked) -> None:
    attacked.door._most = 3
    quiet = attacked.come(PING)
    attacked.turn()
    busy = [attacked.come(PING) for _ in range(2)]
    attacked.now_s += turns.QUIET_S
    for peer in busy:
        peer.send(PING)
    attacked.turn()
    newcomer = attacked.come(PING)
    attacked.turn()
    assert [one.get("ok") for one in heard(quiet)] == [True, False, None], "it was told why, and hung up on"
    assert heard(newcomer)[0]["ok"]
    assert refusal(attacked.come()) == "busy"
    attacked.lives.add(os.getpid())
    # every peer here is of the one process, and so of the one life
    for number in range(3, control.LIFE_RESERVE):
        life = attacked.come(PING)
        attacked.turn()
        assert heard(life)[0]["ok"], number
    assert refusal(attacked.come()) == "busy"


def test_without_a_descriptor_it_waits_a_while_and_does_not_spin(
    attacked: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    peer = socket_at(attacked.path)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        attacked.turn()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert [error and error.errno for error in attacked.exhausted] == [24]
    assert attacked.selector.select(0) == []
    assert attacked.door.due_s() == attacked.now_s + control.PAUSE_S
    attacked.now_s += control.PAUSE_S
    attacked.turn()
    peer.send(PING)
    attacked.turn()
    attacked.turn()
    peer.setblocking(False)
    assert heard(peer)[0]["ok"]
    assert attacked.exhausted[-1] is None


# --- a supervisor ---


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Supervised]:
    with bot(tmp_path, "beat=0.1", heartbeat_timeout_s=15) as one:
        one.start()
        yield one


def test_under_attack_from_all_sides_the_bot_serves_on(it: Supervised) -> None:
    """Hundreds of connections at once, of every sort; a restart goes through, the same life is heard all the time."""
    pid = it.status()["bot"]["pid"]
    sorts = [
        *(protocol.ask(1, op) * 300 for op in ("ping", "status", "history")),
        *(protocol.ask(1, "events"), b"", b'{"v":1,"id":1,"op":"pi', b"\xff\x00{}\n"),
        *(b"x" * (2 * MAX_LINE_BYTES), b"[]\n" * 1000),
    ]
    before_bytes = process.rss_bytes(it.pid) or 0
    crowd = [socket_at(it.socket) for _ in range(control.MAX_CONNECTIONS - 16)]
    try:
        for number, peer in enumerate(crowd):
            peer.setblocking(False)
            _pour(peer, sorts[number % len(sorts)])
        with it.client() as client:
            for _ in range(200):
                assert client.request("ping", timeout_s=PATIENCE_S)["pid"] == it.pid
                for number, peer in enumerate(crowd):
                    _pour(peer, sorts[number % len(sorts)])
        assert it.status()["bot"]["pid"] == pid
        assert it.restart()["to_life"] == 2
        grown_bytes = (process.rss_bytes(it.pid) or 0) - before_bytes
        assert grown_bytes < turns.MAX_HELD_BYTES + 16 * 1024 * 1024
    finally:
        for peer in crowd:
            peer.close()
    assert it.status()["bot"]["life"] == 2


def _pour(peer: socket.socket, data: bytes) -> None:
    try:
        peer.send(data)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        return  # it is not read from, or was shown out


def test_a_refusal_is_heard_even_by_who_was_refused_before_asking(it: Supervised) -> None:
    crowd = [socket_at(it.socket) for _ in range(control.MAX_CONNECTIONS)]
    try:
        for peer in crowd:
            peer.send(PING)  # nobody is quiet
        with it.client() as client, pytest.raises(ControlError) as caught:
            client.request("ping", timeout_s=PATIENCE_S)
        assert (caught.value.code, "connections are open" in caught.value.message) == ("busy", True)
    finally:
        for peer in crowd:
            peer.close()


_AS_SOMEBODY_ELSE = """
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.settimeout(20)
try:
    peer.sendall(b'{"v":1,"id":1,"op":"shutdown"}' + bytes([10]))
except BrokenPipeError:
    pass  # refused before it could ask; why, is there to be read
print(peer.makefile().readline())
"""


def test_another_user_is_refused_by_the_door_itself(tmp_path: Path) -> None:
    """Even where somebody has opened the directories: who is at the other end is asked of the kernel."""
    somebody_else: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}
    prefix: list[str] = []
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        if sudo is None or subprocess.run([sudo, "-n", "-u", "nobody", "true"], check=False).returncode:
            pytest.skip("a second user is needed: run this as root, or allow sudo without a password")
        somebody_else, prefix = {}, [sudo, "-n", "-u", "nobody"]
    with tempfile.TemporaryDirectory(prefix="stocksup-door-") as name, bot(Path(name)) as it:
        it.start()
        for path, mode in ((Path(name), 0o711), (it.state, 0o711), (it.socket, 0o666)):
            path.chmod(mode)
        command = [*prefix, "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable]
        done = subprocess.run([*command, "-c", _AS_SOMEBODY_ELSE, str(it.socket)], cwd="/", capture_output=True,
                              text=True, timeout=PATIENCE_S, check=True, **somebody_else)  # fmt: skip
        assert json.loads(done.stdout)["error"]["code"] == "forbidden"
        assert it.ask("ping")["pid"] == it.pid


def test_the_directory_alone_keeps_other_users_out(it: Supervised) -> None:
    assert (it.state.stat().st_mode & 0o777, it.socket.stat().st_mode & 0o777) == (0o700, 0o600)
