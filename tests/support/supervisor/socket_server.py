"""A tiny HTTP server on passed sockets, and a client that asks a server again and again."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: nothing here takes long; what takes this long hangs
PATIENCE_S = 20.0
#: requests a second
RATE = 50
#: the first descriptor of sd_listen_fds(3)
FIRST_FD = 3


def passed_sockets() -> list[socket.socket]:
    """Return the sockets that were passed to this process, checked as sd_listen_fds(3) checks them."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    sockets = [socket.socket(fileno=FIRST_FD + number) for number in range(int(os.environ["LISTEN_FDS"]))]
    assert all(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and one.getblocking() for one in sockets)
    return sockets


class Server:
    """Answers each request with the number of the life, one after the other, until it is told to stop."""

    def __init__(self, sockets: list[socket.socket], life: int) -> None:
        """Begin to serve."""
        self._answer = f"HTTP/1.0 200 OK\r\n\r\n{life}".encode()
        self._by_fd = {one.fileno(): one for one in sockets}
        self._stopped, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Accept no more; what was accepted is answered."""
        os.write(self._stop, b"!")
        self._thread.join()

    def _serve(self) -> None:
        while True:
            ready: list[int] = select.select([self._stopped, *self._by_fd], [], [])[0]
            if self._stopped in ready:
                return
            for fd in ready:
                with self._by_fd[fd].accept()[0] as client:
                    client.recv(1000)
                    client.sendall(self._answer)


def ask(address: tuple[str, int] | str) -> int:
    """Send one request; return the number of the life that answered. Raises OSError."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(PATIENCE_S)
        client.connect(address)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while data := client.recv(1000):
            answer += data
    return int(answer.removeprefix(b"HTTP/1.0 200 OK\r\n\r\n"))


class Asker:
    """What a client that asks all the time has been answered."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.errors: list[Exception] = []


@contextmanager
def asking(once: Callable[[], int], rate: float = RATE) -> Iterator[Asker]:
    """Call `once` `rate` times a second, whether or not the last one is answered. It returns the answer."""
    seen, ended, askers = Asker(), threading.Event(), []

    def ask_once() -> None:
        try:
            seen.answers.append(once())
        except (OSError, ValueError) as error:
            seen.errors.append(error)

    def repeat() -> None:
        due_s = time.monotonic()
        while not ended.wait(max(0.0, due_s - time.monotonic())):
            askers.append(threading.Thread(target=ask_once))
            askers[-1].start()
            due_s += 1 / rate

    repeater = threading.Thread(target=repeat)
    repeater.start()
    try:
        yield seen
    finally:
        ended.set()
        repeater.join()
        for asker in askers:
            asker.join()
