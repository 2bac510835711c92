"""The sockets that the supervisor, or systemd, has opened for this process: sd_listen_fds(3)."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from typing import Final

#: the first descriptor that is passed
FIRST_FD: Final = 3
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def take(environ: MutableMapping[str, str] = os.environ) -> tuple[socket.socket, ...]:
    """Return the passed sockets, and remove them from what the processes that this one starts inherit.

    Call it before anything else opens a descriptor or starts a process.
    """
    pid, count, _names = (environ.pop(name, "") for name in _VARIABLES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return ()
    sockets = []
    for fd in range(FIRST_FD, FIRST_FD + int(count)):
        os.set_inheritable(fd, False)
        sockets.append(socket.socket(fileno=fd))
    return tuple(sockets)
