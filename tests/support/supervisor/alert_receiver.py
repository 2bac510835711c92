"""A server on loopback that takes alerts (of Apprise's json:// addresses) and pings, or refuses them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

#: nothing here takes long; what takes this long hangs
PATIENCE_S: Final = 20.0
#: an answer without end is given up at this length
ENDLESS_BYTES: Final = 2**30

#: the path of pings
PINGS: Final = "/ping/"

Json = dict[str, Any]


class Letterbox:
    """What has arrived, and what is answered."""

    def __init__(self, port: int = 0) -> None:
        """Listen on `port`; 0: on one that the system chooses."""
        #: status of the next answers
        self.status = 200
        #: answers are given while it is set
        self.gate = threading.Event()
        self.gate.set()
        #: answers have no end, and what has been sent of them
        self.is_endless = False
        self.sent_bytes = 0
        #: answers given so far
        self.answered = 0
        self._came = threading.Condition()
        self._taken: list[Json] = []
        self._tries = 0
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Take a ping."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                self._answer(box._arrived({"ping": self.path.removeprefix(PINGS), "body": body}))

            def do_POST(self) -> None:
                """Take a ping that says why, or an alert."""
                if self.path.startswith(PINGS):
                    self.do_GET()
                    return
                self._answer(box._arrived(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

            def _answer(self, status: int) -> None:
                box.gate.wait(PATIENCE_S)
                box.answered += 1
                self.send_response(status)
                if box.is_endless:
                    self.end_headers()
                    self._answer_without_end()
                    return
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _answer_without_end(self) -> None:
                with suppress(OSError):  # the client has enough
                    while box.sent_bytes < ENDLESS_BYTES:
                        box.sent_bytes += self.wfile.write(b"x" * 100_000)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def url(self, secret: str = "a-secret-path") -> str:
        """Return its address."""
        return f"json://127.0.0.1:{self.port}/{secret}"

    def ping_url(self, secret: str = "a-secret-path") -> str:
        """Return its address for pings; what arrives has the rest of the path as `ping`, and the `body`."""
        return f"http://127.0.0.1:{self.port}{PINGS}{secret}"

    def close(self) -> None:
        """Stop listening, so that connections are refused."""
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def let_go(self) -> None:
        """Answer the request that is held back; the next one is held back again."""
        self.gate.set()
        self.gate.clear()

    def _arrived(self, body: Json) -> int:
        with self._came:
            self._tries += 1
            if self.status == 200:
                self._taken.append(body)
            self._came.notify_all()
            return self.status

    def wait(self, count: int) -> list[Json]:
        """Return all that was taken, once it is `count` messages."""
        with self._came:
            assert self._came.wait_for(lambda: len(self._taken) >= count, PATIENCE_S), self._taken
            return list(self._taken)

    def wait_tries(self, count: int) -> None:
        """Come back once somebody has tried `count` times."""
        with self._came:
            assert self._came.wait_for(lambda: self._tries >= count, PATIENCE_S), self._tries

    @property
    def taken(self) -> list[Json]:
        """All that was taken so far."""
        with self._came:
            return list(self._taken)


@contextmanager
def letterbox(port: int = 0) -> Iterator[Letterbox]:
    """Give a test a server."""
    box = Letterbox(port)
    try:
        yield box
    finally:
        box.close()
