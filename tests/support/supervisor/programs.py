"""A program for tests of the supervisor: behaves well, or badly in the ways that its words name.

`python -m tests.support.supervisor.programs [[LIFE:]WORD[=VALUE] ...]`; a word with a life's number counts
in that life only.

    link=no               never connects; TERM ends it
    exit-before-hello=N   ends with exit code N (or "kill": by SIGKILL) in that phase; likewise
    exit-after-hello=N, exit-when-ready=N, exit-in-drain=N, exit-in-stop=N
    reason=TEXT           reason in the goodbye before any of these exits
    hang                  says hello, and is ready only when told to be (SIGUSR2)
    deaf                  does not end on TERM
    fork=WAY              has a grandchild, deaf to TERM: in its group, or by setpgid, setsid, double (fork)
    headless              its first thread ends, and another one goes on
    fork-when-dying       when TERM comes, starts a grandchild like that of fork=double, and ends
    late                  has a grandchild that writes into the cache directory until it is killed
    endless-drain         drains for ever; so does drain=NAME, which names what it waits for
    silent-drain          does not even say what it waits for
    beat=S                sends a heartbeat every S seconds
    health=JSON           what the heartbeats say; the first one comes as soon as it is ready
    eat=N                 uses N MiB of memory
    freeze                hangs as soon as it is ready
    traceback             writes where it is on SIGUSR2, and says so
    ask-restart=REASON    when told to (SIGUSR1), asks for a restart of itself and hands on a ticket
    chatter               writes numbered lines as fast as it can, or every S seconds (chatter=S); it tells when they
                          are many, and how many at its end
    reopen=no             does not support opening its log again
    serve                 answers HTTP on the sockets that were passed to it
    linger=S              its drain takes S seconds, in which it serves no one
    sockets=no            does not hand its sockets back
    cache-answer=JSON     what it answers when its cache is asked

What happens to it is told in lines of JSON to the FIFO that $DIARY names. It speaks with the supervisor through
`supervisor.client` alone.
"""

from __future__ import annotations

import ctypes
import faulthandler
import json
import os
import platform
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from supervisor.client import LifeEnvironment, encode, open_socket
from tests.support.supervisor.socket_server import Server, passed_sockets

#: environment that the diary tells of
_TOLD = ("STOCKSUP_", "NOTIFY_SOCKET", "LISTEN_", "TEST_")
#: number of the system call exit(2), which ends the thread that makes it
EXIT_OF_THREAD = {"x86_64": 60, "aarch64": 93}
#: lines after which a chatterer tells that it is at it
MANY_LINES = 1000


def main() -> None:
    """Be a life."""
    around = LifeEnvironment.read()
    assert around is not None, "to be started by a supervisor"
    Program(around, _words(sys.argv[1:], around.life)).live()


def _words(given: list[str], life: int) -> dict[str, str]:
    words = {}
    for one in given:
        number, colon, rest = one.partition(":")
        if colon and number.isdigit():
            if int(number) != life:
                continue
            one = rest
        name, _, value = one.partition("=")
        words[name] = value
    return words


def tell(what: str, **fields: Any) -> None:
    """Write a line into the diary, at once and in one piece."""
    line = json.dumps({"what": what, "pid": os.getpid(), **fields}).encode() + b"\n"
    fd = os.open(os.environ["DIARY"], os.O_WRONLY)
    try:
        os.write(fd, line)
    finally:
        os.close(fd)


class Program:
    """One life."""

    def __init__(self, around: LifeEnvironment, words: dict[str, str]) -> None:
        """Behave as `words` say."""
        self.around = around
        self.words = words
        self.ready = False
        self._sock: socket.socket | None = None
        self._received = b""
        self._next_id = 0
        self._asked: dict[int, str] = {}
        self._chatter: Chatter | None = None
        self._sockets = passed_sockets()
        self._server: Server | None = None
        self._eaten = b""

    def live(self) -> NoReturn:
        """Go through the phases."""
        words = self.words
        signal.signal(signal.SIGTERM, self._terminated)
        signal.signal(signal.SIGINT, self._terminated)
        signal.signal(signal.SIGUSR1, self._ask_restart)
        if "traceback" in words:
            faulthandler.register(signal.SIGUSR2)
        else:
            signal.signal(signal.SIGUSR2, lambda number, frame: self._say("ready"))
        self._eaten = b"x" * (int(words.get("eat", "0")) * 1024 * 1024)
        if "chatter" in self.words:
            self._chatter = Chatter(self.around.life, float(self.words["chatter"] or 0))
            self._chatter.begin()
        if "serve" in self.words:
            self._server = Server(self._sockets, self.around.life)
        self._tell_surroundings()
        if "fork" in self.words:
            _fork(self.words["fork"])
        if "late" in self.words and self.around.cache_dir is not None:
            _write_late(self.around.cache_dir)
        self._maybe_end("before-hello")
        if "headless" in words:
            _lose_head()
        if self.words.get("link") == "no":
            tell("serving", life=self.around.life)
            while True:
                signal.pause()
        while True:
            self._connect()
            self._serve()

    def _tell_surroundings(self) -> None:
        around = self.around
        tell(
            "spawned",
            life=around.life,
            session=os.getsid(0),
            group=os.getpgid(0),
            cwd=os.getcwd(),
            temp=_names(around.cache_dir),
            perm=_names(around.cache_perm_dir),
            environ={name: value for name, value in os.environ.items() if name.startswith(_TOLD)},
        )
        for directory in (around.cache_dir, around.cache_perm_dir):
            if directory is not None and directory.is_dir():
                (directory / f"of-{around.life}").write_text("x")

    # --- the link ---

    def _connect(self) -> None:
        wait_s = 0.01
        while self._sock is None:
            try:
                self._sock = open_socket(self.around.socket)
            except OSError:
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, 0.2)
        self._received = b""
        more = {"traceback": True} if "traceback" in self.words else {}
        self._say("hello", program=self.around.program, life=self.around.life, pid=os.getpid(), **more)

    def _say(self, op: str, **fields: Any) -> None:
        self._next_id += 1
        self._asked[self._next_id] = op
        self._send({"v": 1, "id": self._next_id, "op": op, **fields})

    def _send(self, message: dict[str, Any]) -> None:
        try:
            if self._sock is not None:
                self._sock.sendall(encode(message))
        except (BrokenPipeError, ConnectionResetError):
            return  # the next read notices it

    def _serve(self) -> None:
        beat_s = float(self.words["beat"]) if "beat" in self.words else None
        while self._sock is not None:
            readable, _, _ = select.select([self._sock], [], [], beat_s)
            if not readable:
                self._beat()
                continue
            try:
                data = self._sock.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                self._sock.close()
                self._sock = None
                return
            *lines, self._received = (self._received + data).split(b"\n")
            for line in lines:
                self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        if "op" not in message:
            self._answered(self._asked.pop(message["id"]), message)
            return
        answer = getattr(self, f"_on_{message['op']}")
        answer(message)

    def _answered(self, op: str, message: dict[str, Any]) -> None:
        if op == "hello":
            if not message["ok"]:
                tell("refused", code=message["error"]["code"])
                os._exit(0)
            self._maybe_end("after-hello")
            if "hang" not in self.words or self.ready:
                self._say("ready")
        elif op == "ready":
            again, self.ready = self.ready, True
            tell("ready", life=self.around.life, restart=message.get("restart"), again=again)
            self._maybe_end("when-ready")
            if "health" in self.words:
                self._beat()
            if "freeze" in self.words:
                self._freeze()
        elif op == "restart":
            tell("answer", ok=message["ok"], error=message.get("error"))

    def _beat(self) -> None:
        self._say("heartbeat", health=json.loads(self.words.get("health", '{"self": {"is_healthy": true}}')))

    def _freeze(self) -> NoReturn:
        tell("frozen", life=self.around.life)
        while True:
            time.sleep(60)

    def _on_welcome(self, message: dict[str, Any]) -> None:
        self._send({"v": 1, "id": message["id"], "ok": True})
        tell("welcome", life=message["life"], ticket=message["ticket"])

    def _on_drain(self, message: dict[str, Any]) -> None:
        self._send({"v": 1, "id": message["id"], "ok": True})
        tell("drain", life=self.around.life, reason=message["reason"], deadline_s=message["deadline_s"])
        self._maybe_end("in-drain")
        if "silent-drain" in self.words:
            return
        if "endless-drain" in self.words or "drain" in self.words:
            self._say("draining", pending=[self.words.get("drain", "a job")])
            return
        self._stop_server()
        time.sleep(float(self.words.get("linger", "0")))
        self._say("draining", pending=["cache"])
        self._say("draining", pending=[])
        self._say("drained", report={"drained": ["cache"], "cancelled": [], "flushed_entries": 3, "steps": {"a": 1}})

    def _on_cache(self, message: dict[str, Any]) -> None:
        answer = json.loads(self.words.get("cache-answer", '{"ok": true, "stats": {"entries": 3}}'))
        self._send({"v": 1, "id": message["id"], **answer})

    def _on_sockets(self, message: dict[str, Any]) -> None:
        answer = {"v": 1, "id": message["id"], "ok": True}
        tell("sockets", life=self.around.life)
        if self.words.get("sockets") == "no" or self._sock is None:
            self._send(answer)
        else:
            socket.send_fds(self._sock, [encode(answer)], [one.fileno() for one in self._sockets])

    def _stop_server(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _on_reopen(self, message: dict[str, Any]) -> None:
        if self.words.get("reopen") == "no":
            error = {"code": "unknown_op", "message": "never heard of it"}
            self._send({"v": 1, "id": message["id"], "ok": False, "error": error})
            tell("not-reopened")
            return
        file = os.open(os.environ["STOCKSUP_LOG_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for fd in (1, 2):
            os.dup2(file, fd)
        os.close(file)
        self._send({"v": 1, "id": message["id"], "ok": True})
        tell("reopened", life=self.around.life)

    # --- ends ---

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        tell("terminated", life=self.around.life)
        if "deaf" in self.words:
            return
        self._stop_server()
        if self._chatter is not None:
            tell("chattered", life=self.around.life, lines=self._chatter.end())
        self._maybe_end("in-stop")
        if "fork-when-dying" in self.words:
            _fork("double")
        self._end("0", self.words.get("reason", "told to end"))

    def _maybe_end(self, phase: str) -> None:
        code = self.words.get(f"exit-{phase}")
        if code is not None:
            self._end(code, self.words.get("reason"))

    def _end(self, code: str, reason: str | None) -> NoReturn:
        if code == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if reason is not None:
            self._say("goodbye", code=int(code), reason=reason)
        os._exit(int(code))

    def _ask_restart(self, number: int, frame: FrameType | None) -> None:
        ticket = {"asked_in_life": self.around.life}
        reason = self.words.get("ask-restart", "")
        self._say(
            "restart", program=self.around.program, reason=reason, requested_by="a member", ticket=ticket, wait=True
        )


class Chatter:
    """Writes numbered lines to stdout from a thread, whatever else goes on."""

    def __init__(self, life: int, pause_s: float) -> None:
        """Be of life `life`; pause after each line."""
        self._life = life
        self._pause_s = pause_s
        self._lines = 0
        self._over = False
        self._thread = threading.Thread(target=self._write, daemon=True)

    def begin(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> int:
        """Stop, and return how many lines there are."""
        self._over = True
        self._thread.join()
        return self._lines

    def _write(self) -> None:
        while not self._over:
            self._lines += 1
            os.write(1, b"life %d line %d\n" % (self._life, self._lines))
            if self._lines == MANY_LINES:
                tell("chattering", life=self._life)
            if self._pause_s:
                time.sleep(self._pause_s)


def _names(directory: Path | None) -> list[str] | None:
    if directory is None or not directory.is_dir():
        return None
    return sorted(path.name for path in directory.iterdir())


# --- grandchildren -----------------------------------------------------------------------------------------


def _fork(way: str) -> None:
    """Start a process that does not end by itself, and wait until it is what it shall be."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if way == "setpgid":
            os.setpgid(0, 0)
        elif way != "group":
            os.setsid()
        if way == "double" and os.fork() != 0:
            os._exit(0)
        tell("forked", pid=os.getpid())
        os.write(writer, b"!")
        os.close(writer)
        while True:
            signal.pause()
    os.close(writer)
    assert os.read(reader, 1) == b"!"
    os.close(reader)


def _lose_head() -> NoReturn:
    """End the first thread of this process alone: to those who look, it is a zombie that lives."""

    def live() -> NoReturn:
        tell("headless")
        while True:
            time.sleep(60)

    threading.Thread(target=live).start()
    while True:
        ctypes.CDLL(None).syscall(EXIT_OF_THREAD[platform.machine()], 0)


def _write_late(directory: Path) -> None:
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.setsid()
        number = 0
        while True:
            number = (number + 1) % 100
            if directory.is_dir():
                (directory / f"late-{number}").write_text("x")
            time.sleep(0.0005)


if __name__ == "__main__":
    main()
