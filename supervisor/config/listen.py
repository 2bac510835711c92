"""The addresses that `[programs.NAME] listen` names. Pure.

An address has one text: `127.0.0.1:8080`, `[::1]:8080`, or the absolute path of a Unix socket.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Final

#: maximum number of sockets of a program; they are passed in one message
MAX_SOCKETS: Final = 16
#: maximum length of the path of a Unix socket, in bytes (unix(7), sun_path)
MAX_PATH_BYTES: Final = 107
#: ports below this one need a privilege
FIRST_FREE_PORT: Final = 1024

_TCP: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})")
#: a socket address of the socket module, and its family
Bindable = tuple[socket.AddressFamily, tuple[str, int] | str]


def parse(text: str, directory: Path) -> str | None:
    """Return the one text of the address that `text` means, or None if it is not valid.

    A path is relative to `directory`. It contains a slash, as in "./shop.sock".
    """
    if "/" in text:
        path = os.path.normpath(os.path.join(os.path.realpath(directory), text))
        is_valid = "\0" not in path and not text.endswith("/") and len(os.fsencode(path)) <= MAX_PATH_BYTES
        return path if is_valid else None
    if (match := _TCP.fullmatch(text)) is None or not 0 < int(match[3]) < 65536:
        return None
    family = socket.AF_INET6 if match[1] else socket.AF_INET
    try:
        packed = socket.inet_pton(family, match[1] or match[2])
    except OSError:
        return None
    return format_address(family, (socket.inet_ntop(family, packed), int(match[3])))


def bindable(address: str) -> Bindable:
    """Return what `bind` takes for an address that `parse` has returned."""
    if address.startswith("/"):
        return socket.AF_UNIX, address
    host, _colon, port = address.rpartition(":")
    return socket.AF_INET6 if host.startswith("[") else socket.AF_INET, (host.strip("[]"), int(port))


def format_address(family: int, name: object) -> str | None:
    """Return the one text of an address that `getsockname` has returned; None for another kind of socket."""
    match name:
        case str() if family == socket.AF_UNIX and name.startswith("/"):
            return name
        case (str(host), int(port), *_) if family == socket.AF_INET:
            return f"{host}:{port}"
        case (str(host), int(port), *_) if family == socket.AF_INET6:
            return f"[{host}]:{port}"
    return None


def is_privileged(address: str) -> bool:
    """Return whether listening at the address needs a privilege because of its port."""
    _family, name = bindable(address)
    return not isinstance(name, str) and name[1] < FIRST_FREE_PORT
