"""Attacks a door until it is ended: `python -m bench.attack SOCKET CONNECTIONS`.

Of every eight connections three pour requests in and read the answers, one pours them in and reads nothing, one says
half a line, one says nonsense, one listens and never reads, one never says anything.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import Final

from supervisor.client import encode, open_socket

#: time between two rounds, in seconds: what is measured is not how fast this is
PAUSE_S: Final = 0.002
#: connections that say something in one round
A_ROUND: Final = 32


def _line(op: str) -> bytes:
    return encode({"v": 1, "id": 1, "op": op})


SORTS: Final = (
    *(_line(op) * 100 for op in ("ping", "status", "history")),
    _line("status") * 100,
    b'{"v":1,"id":1,"op":"pi',
    b"\xff\x00[]\n",
    _line("events"),
    b"",
)
#: of the sorts, those that read
READING: Final = 3


def main() -> None:
    """Attack."""
    path, count = Path(sys.argv[1]), int(sys.argv[2])
    peers = [_come(path) for _ in range(count)]
    print("all in", flush=True)
    number = 0
    while True:
        for _ in range(A_ROUND):
            number = (number + 1) % count
            if not _say(peers[number], number % len(SORTS)):
                peers[number].close()
                peers[number] = _come(path)
        time.sleep(PAUSE_S)


def _come(path: Path) -> socket.socket:
    while True:
        try:
            peer = open_socket(path)
        except BlockingIOError:
            time.sleep(PAUSE_S)  # there is a queue at the door
            continue
        peer.setblocking(False)
        return peer


def _say(peer: socket.socket, sort: int) -> bool:
    """Do what this sort of peer does; return whether it was not shown out."""
    try:
        peer.send(SORTS[sort])
        return sort >= READING or peer.recv(65536) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
