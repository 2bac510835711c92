"""The file of taken events: what a process of the bot has accepted from Discord and not finished.

It is mapped into memory, so the kernel keeps every write when the process is killed. The process that serves holds a
lock on it: two processes never serve at the same time, and the next one finds what the last one left.

Layout: a header of one page, then slots of the same size. A slot is the length of its content, how many processes have
begun it, and the content. The content is written first and its length last; length 0 is an empty slot. So a process
that dies in between leaves no half of an event.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from botapp.runtime.private_files import make_directory, open_regular

#: its name, beside the state file
FILE_NAME: Final = "taken_events"
#: how many events can be under way at once
SLOT_COUNT: Final = 512
SLOT_BYTES: Final = 8192
#: an event is begun by so many processes; then it is passed over, because it may have killed them
MAX_ATTEMPTS: Final = 2

_HEADER_BYTES: Final = 4096
_FILE_BYTES: Final = _HEADER_BYTES + SLOT_COUNT * SLOT_BYTES
_MAGIC: Final = b"events01"
_SEQUENCE: Final = struct.Struct("<8sQ")
_SLOT: Final = struct.Struct("<II")
#: the session follows the magic number and the sequence number
_SESSION_AT: Final = _SEQUENCE.size


class AnotherServes(Exception):
    """Another process of this bot holds the lock: it serves."""


class Session(msgspec.Struct, frozen=True):
    """A session of the gateway, and how far it was read."""

    id: str
    resume_url: str
    #: number of the last event that arrived
    sequence: int = 0


class TakenEvent(msgspec.Struct, frozen=True):
    """An event that was accepted, as the gateway sent it."""

    #: the gateway's name of its type
    name: str
    data: dict[str, Any]
    #: when it was accepted, in seconds since 1970
    taken_at_s: float


@dataclass(frozen=True)
class LeftEvent:
    """An event that an earlier process has begun and not finished."""

    slot: int
    event: TakenEvent
    #: how many processes have begun it
    attempts: int


class EventFile:
    """The mapped file of the process that serves."""

    def __init__(self, path: Path) -> None:
        """Open and lock the file; create it with mode 0600. Raises OSError, and AnotherServes."""
        make_directory(path.parent)
        self._fd = open_regular(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_new = os.fstat(self._fd).st_size != _FILE_BYTES
            # reserve the blocks: a write to a mapped hole of a full disk would kill the process
            os.posix_fallocate(self._fd, 0, _FILE_BYTES)
            os.ftruncate(self._fd, _FILE_BYTES)
            self._map = mmap.mmap(self._fd, _FILE_BYTES)
        except BlockingIOError as error:
            os.close(self._fd)
            raise AnotherServes from error
        except OSError:
            os.close(self._fd)
            raise
        if is_new or self._map[: len(_MAGIC)] != _MAGIC:
            self._map[:] = bytes(_FILE_BYTES)
            _SEQUENCE.pack_into(self._map, 0, _MAGIC, 0)
        self._free = [slot for slot in reversed(range(SLOT_COUNT)) if self._read(slot) is None]

    # --- what an earlier process has left ---

    def session(self) -> Session | None:
        """Return the session of the process that has last served; None if it has ended its session."""
        content = self._read_content(_SESSION_AT, _HEADER_BYTES)
        session = _decode(content[1], Session) if content is not None else None
        return session and msgspec.structs.replace(session, sequence=_SEQUENCE.unpack_from(self._map, 0)[1])

    def left(self) -> Iterator[LeftEvent]:
        """Yield the events that earlier processes have not finished."""
        for slot in range(SLOT_COUNT):
            if (content := self._read(slot)) is None:
                continue
            attempts, data = content
            if (event := _decode(data, TakenEvent)) is None:
                self.finish(slot)
            else:
                yield LeftEvent(slot, event, attempts)

    def begin_again(self, left: LeftEvent) -> None:
        """Record that one more process begins an event, before its handler starts."""
        at = _offset(left.slot)
        _SLOT.pack_into(self._map, at, _SLOT.unpack_from(self._map, at)[0], left.attempts + 1)

    # --- what this process does ---

    def record_session(self, session: Session) -> None:
        """Record the session that this process has opened."""
        self._write(_SESSION_AT, _HEADER_BYTES, msgspec.json.encode(session), 0)
        self.record_sequence(session.sequence)

    def record_sequence(self, sequence: int) -> None:
        """Record the number of the last event that has arrived."""
        _SEQUENCE.pack_into(self._map, 0, _MAGIC, sequence)

    def forget_session(self) -> None:
        """Record that the session has ended: the next process must not resume it."""
        _SLOT.pack_into(self._map, _SESSION_AT, 0, 0)

    def take(self, event: TakenEvent) -> int | None:
        """Record an event before its handler starts; return its slot. None: it is too long, or all slots are taken."""
        data = msgspec.json.encode(event)
        if not self._free or len(data) > SLOT_BYTES - _SLOT.size:
            return None
        slot = self._free.pop()
        self._write(_offset(slot), SLOT_BYTES, data, 1)
        return slot

    def finish(self, slot: int) -> None:
        """Remove an event: it was handled."""
        _SLOT.pack_into(self._map, _offset(slot), 0, 0)
        self._free.append(slot)

    def close(self) -> None:
        """Release the lock: from now on another process may serve."""
        self._map.close()
        os.close(self._fd)

    def _read(self, slot: int) -> tuple[int, bytes] | None:
        return self._read_content(_offset(slot), SLOT_BYTES)

    def _read_content(self, at: int, limit: int) -> tuple[int, bytes] | None:
        """Return attempts and content of a slot, or None for an empty one."""
        length, attempts = _SLOT.unpack_from(self._map, at)
        begin = at + _SLOT.size
        return (attempts, self._map[begin : begin + length]) if 0 < length <= limit - _SLOT.size else None

    def _write(self, at: int, limit: int, data: bytes, attempts: int) -> None:
        assert len(data) <= limit - _SLOT.size
        _SLOT.pack_into(self._map, at, 0, 0)
        self._map[at + _SLOT.size : at + _SLOT.size + len(data)] = data
        _SLOT.pack_into(self._map, at, len(data), attempts)


def _offset(slot: int) -> int:
    return _HEADER_BYTES + slot * SLOT_BYTES


def _decode(data: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # the file is damaged there
