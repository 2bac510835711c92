"""A proxy before PostgreSQL's Unix socket that cuts a connection at its COMMIT."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Final

#: the port in the name of the proxy's socket
PORT: Final = 5433


class Cut(Enum):
    """When the connection is cut."""

    #: the server never gets the COMMIT
    BEFORE = "before"
    #: the server has committed, and the client never gets the answer
    AFTER = "after"


class Proxy:
    """Forwards every connection, and cuts the next one that commits after `cut` was set."""

    def __init__(self, directory: Path, server_port: int) -> None:
        self.cut: Cut | None = None
        #: how often it has cut
        self.count = 0
        self._server = str(directory / f".s.PGSQL.{server_port}")
        self._listener = socket.socket(socket.AF_UNIX)
        self._path = directory / f".s.PGSQL.{PORT}"
        self._listener.bind(str(self._path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()
        self._path.unlink()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            answers = threading.Thread(target=_forward, args=(server, client), daemon=True)
            answers.start()
            while request := client.recv(65536):
                cut = self.cut if b"COMMIT" in request else None
                if cut is not None:
                    self.cut, self.count = None, self.count + 1
                    # the thread for answers no longer has a client
                    client.shutdown(socket.SHUT_RDWR)
                if cut is not Cut.BEFORE:
                    server.sendall(request)
                if cut is not None:
                    break
            server.shutdown(socket.SHUT_WR)
            answers.join()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while answer := source.recv(65536):
            with contextlib.suppress(OSError):
                target.sendall(answer)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxy(directory: Path, server_port: int) -> Iterator[Proxy]:
    """Run a proxy before the server in `directory`."""
    one = Proxy(directory, server_port)
    try:
        yield one
    finally:
        one.close()
