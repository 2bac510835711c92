"""The life that the chaos test kills: begins fast, and is a witness against the supervisor.

It behaves as the file `mood` in its directory says when it begins: "" well · "crash" ends before it says hello ·
"brief" ends as soon as it is ready · "slow" is never ready · "deaf" does not end on TERM · "stays" drains for ever ·
"forks" leaves a process of its own behind. SIGUSR1: it hangs. What must not be, it writes into `violations`: a life
beside it, or something of another one in its cache. `lives` holds the numbers of all lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import time
from typing import Any

BEAT_S = 0.2
#: the lock lives as long as this process
_lock: list[int] = []


def note(name: str, text: str) -> None:
    """Append a line to a file, in one piece."""
    fd = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.write(fd, f"{text}\n".encode())
    os.close(fd)


def bear_witness(life: int) -> None:
    """Note that this life is there; what is beside it, and what it finds."""
    note("lives", str(life))
    fd = os.open("alone", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.pwrite(fd, b"%8d" % life, 0)
    except BlockingIOError:
        note("violations", f"life {life} beside life {os.pread(fd, 8, 0).decode().strip()}")
    _lock.append(fd)
    cache = os.environ["STOCKSUP_CACHE_DIR"]
    if found := os.listdir(cache):
        note("violations", f"life {life} finds {found} in its cache {cache}")
    os.close(os.open(f"{cache}/of-{life}", os.O_WRONLY | os.O_CREAT, 0o600))


class Life:
    """One life."""

    def __init__(self, mood: str) -> None:
        """Behave as `mood` says."""
        self.mood = mood
        self.life = int(os.environ["STOCKSUP_LIFE"])
        self.sock: socket.socket | None = None

    def say(self, op: str, **fields: Any) -> None:
        """Send a request to the supervisor, without waiting for the answer."""
        self.send({"v": 1, "id": op, "op": op, **fields})

    def send(self, message: dict[str, Any]) -> None:
        """Send a message, if there is somebody to hear it."""
        try:
            if self.sock is not None:
                self.sock.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.sock = None

    def live(self) -> None:
        """Connect to the supervisor until it accepts, exchange messages, and reconnect when it goes away."""
        while True:
            try:
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(os.environ["STOCKSUP_SOCKET"])
            except OSError:
                self.sock = None
                time.sleep(0.01)
                continue
            self.say("hello", program="bot", life=self.life, pid=os.getpid())
            self.talk()

    def talk(self) -> None:
        """Listen and answer until the connection is gone."""
        rest = b""
        while self.sock is not None:
            if not select.select([self.sock], [], [], BEAT_S)[0]:
                self.say("heartbeat", health={})
                continue
            try:
                data = self.sock.recv(65536)
            except OSError:
                data = b""
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.take(json.loads(line))

    def take(self, message: dict[str, Any]) -> None:
        """Take one message."""
        if "op" in message:
            self.send({"v": 1, "id": message["id"], "ok": True})
            if message["op"] == "drain":
                self.say("draining", pending=["work"])
                if self.mood != "stays":
                    self.say("drained", report={"drained": ["work"]})
        elif message["id"] == "hello":
            if not message["ok"]:
                os._exit(0)
            if self.mood != "slow":
                self.say("ready")
        elif message["id"] == "ready" and self.mood == "brief":
            os._exit(1)


def hang(number: int, frame: object) -> None:
    """Do nothing any more."""
    while True:
        time.sleep(60)


def leave_behind() -> None:
    """Leave a process behind that is deaf to TERM and in a session of its own."""
    if os.fork() == 0:
        os.close(_lock[0])
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(60)


def main() -> None:
    """Be a life."""
    with open("mood") as file:
        mood = file.read()
    life = Life(mood)
    bear_witness(life.life)
    if mood == "crash":
        os._exit(1)
    if mood == "forks":
        leave_behind()
    signal.signal(signal.SIGUSR1, hang)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if mood == "deaf" else lambda number, frame: os._exit(0))
    life.live()


if __name__ == "__main__":
    main()
