"""The processes at the other end of loopback connections, read from /proc."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

_PROC: Final = Path("/proc")
_ESTABLISHED: Final = "01"


def find_inode(table: str, local_port: int, remote_port: int) -> int | None:
    """Return the inode of an open socket between two ports; `table` is the text of /proc/net/tcp or tcp6."""
    ports = f":{local_port:04X}", f":{remote_port:04X}"
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(ports[0]) and fields[2].endswith(ports[1]) and fields[3] == _ESTABLISHED:
            return int(fields[9])
    return None


class PeerProcesses:
    """Finds the process of each connection once. A process that has ended meanwhile, or a foreign one, is unknown."""

    def __init__(self) -> None:
        self._found: WeakKeyDictionary[asyncio.BaseTransport, int | None] = WeakKeyDictionary()
        #: processes that have connected already; they are looked at first, the newest before the others
        self._known: dict[int, None] = {}

    def find(self, transport: asyncio.BaseTransport | None) -> int | None:
        """Return the process that has the client's end of a connection, or None if it is unknown."""
        if transport is None:
            return None
        if transport not in self._found:
            self._found[transport] = self._look_up(transport)
        return self._found[transport]

    def _look_up(self, transport: asyncio.BaseTransport) -> int | None:
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if not peer or not own:
            return None
        # A client may use an IPv6 socket for an IPv4 address.
        tables = (_read_table(name) for name in ("tcp", "tcp6"))
        inode = next((found for table in tables if (found := find_inode(table, peer[1], own[1])) is not None), None)
        if inode is None:
            return None
        pid = find_holder(inode, [*reversed(self._known)]) or find_holder(inode, _list_processes())
        if pid is not None:
            self._known.pop(pid, None)
            self._known[pid] = None
            self._known = {one: None for one in self._known if (_PROC / str(one)).exists()}
        return pid


def find_holder(inode: int, pids: Iterable[int]) -> int | None:
    """Return the first of these processes that has the socket with this inode open."""
    target = f"socket:[{inode}]"
    return next((pid for pid in pids if target in _list_files(pid)), None)


def _list_files(pid: int) -> Iterator[str]:
    """Yield what the descriptors of a process refer to; nothing for a process that ended or belongs to others."""
    folder = f"{_PROC}/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(f"{folder}/{name}")
        except OSError:
            continue  # closed meanwhile


def _list_processes() -> list[int]:
    return [int(name) for name in os.listdir(_PROC) if name.isdecimal()] if _PROC.is_dir() else []


def _read_table(name: str) -> str:
    try:
        return (_PROC / "net" / name).read_text()
    except OSError:
        return ""  # no /proc, or no IPv6
