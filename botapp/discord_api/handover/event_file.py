"""The file of taken events: what a process of the bot has accepted from Discord and not finished.

It is mapped into memory, so the kernel keeps every write when the process is killed. The process that serves holds a
lock on it: two processes never serve at the same time, and the next one finds what the last one left. Only the process
that serves writes, with one exception: one that no longer serves empties the slots of what it has taken.

Layout: a header of one page, slots of the same size, and the ids of what was taken (`taken_ids`). A slot is the length
of its content, how many processes have begun it, and the content. The content is written first and its length last;
length 0 is an empty slot. So a process that dies in between leaves no half of an event.
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

from botapp.discord_api.handover.held_events import event_id
from botapp.discord_api.handover.taken_ids import TAKEN_BYTES, TakenIds
from botapp.runtime.private_files import make_directory, open_regular

#: its name, beside the state file
FILE_NAME: Final = "taken_events"
#: how many events can be under way at once
SLOT_COUNT: Final = 512
SLOT_BYTES: Final = 8192
#: an event is begun by so many processes; then it is passed over, because it may have killed them
MAX_ATTEMPTS: Final = 2

_HEADER_BYTES: Final = 4096
_TAKEN_AT: Final = _HEADER_BYTES + SLOT_COUNT * SLOT_BYTES
_FILE_BYTES: Final = _TAKEN_AT + TAKEN_BYTES
_MAGIC: Final = b"events02"
#: the file of earlier versions ends where the ids of what was taken begin
_MAGIC_WITHOUT_TAKEN: Final = b"events01"
_SEQUENCE: Final = struct.Struct("<Q")
_SEQUENCE_AT: Final = len(_MAGIC)
_SLOT: Final = struct.Struct("<II")
_SESSION_AT: Final = _SEQUENCE_AT + _SEQUENCE.size
#: what reading raises where the file is damaged
_DAMAGED: Final = (msgspec.DecodeError, ValueError, TypeError, LookupError)


class AnotherServes(Exception):
    """Another process of this bot holds the lock: it serves."""


class OtherLayout(AnotherServes):
    """Another process serves, and its version of the bot has another layout of the file: it cannot hand over."""


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
    """An event that another process has begun and not finished."""

    id: int
    slot: int
    event: TakenEvent
    #: how many processes have begun it
    attempts: int


class EventFile:
    """The mapped file. The process that serves has locked it."""

    def __init__(self, path: Path) -> None:
        """Open the file; create it with mode 0600, or bring it to this layout. Raises OSError, and OtherLayout."""
        make_directory(path.parent)
        self._fd = open_regular(path, os.O_RDWR | os.O_CREAT)
        #: slots of what this process has taken and not finished
        self._own: set[int] = set()
        #: slots that this process may use; empty while it does not serve
        self._free: list[int] = []
        self._is_locked = False
        try:
            self._map = self._open_map()
        except (OSError, OtherLayout):
            os.close(self._fd)
            raise
        self._taken_ids = TakenIds(self._map, _TAKEN_AT)

    # --- the lock ---

    def lock(self) -> None:
        """Take the lock: this process serves from now on. Raises AnotherServes."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AnotherServes from error
        self._is_locked = True

    def unlock(self) -> None:
        """Release the lock: from now on another process may serve."""
        self._free, self._is_locked = [], False
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file, and release the lock."""
        self._map.close()
        os.close(self._fd)

    # --- what an earlier process has left ---

    def session(self) -> Session | None:
        """Return the session of the process that has last served; None if it has ended its session."""
        content = self._read_content(_SESSION_AT, _HEADER_BYTES)
        try:
            session = msgspec.json.decode(content[1], type=Session) if content is not None else None
        except _DAMAGED:
            return None
        sequence = _SEQUENCE.unpack_from(self._map, _SEQUENCE_AT)[0]
        return session and msgspec.structs.replace(session, sequence=sequence)

    def taken_ids(self, now_s: float) -> dict[int, float]:
        """Return when each event was taken lately, in seconds since 1970, by id."""
        return self._taken_ids.recent(now_s)

    def left(self) -> Iterator[LeftEvent]:
        """Yield the events that other processes have not finished."""
        for slot in range(SLOT_COUNT):
            if slot in self._own or (content := self._read(slot)) is None:
                continue
            attempts, data = content
            try:
                event = msgspec.json.decode(data, type=TakenEvent)
                yield LeftEvent(event_id(event.name, event.data), slot, event, attempts)
            except _DAMAGED:
                self.finish(slot)

    def begin_again(self, left: LeftEvent) -> None:
        """Record that this process begins an event that another one has left, before its handler starts."""
        self._own.add(left.slot)
        at = _offset(left.slot)
        _SLOT.pack_into(self._map, at, _SLOT.unpack_from(self._map, at)[0], left.attempts + 1)

    # --- what this process does ---

    def record_session(self, session: Session) -> None:
        """Record the session of this process, and how far it was read."""
        self.forget_session()
        self.record_sequence(session.sequence)
        self._write(_SESSION_AT, _HEADER_BYTES, msgspec.json.encode(session), 0)

    def record_sequence(self, sequence: int) -> None:
        """Record the number of the last event that has arrived."""
        _SEQUENCE.pack_into(self._map, _SEQUENCE_AT, sequence)

    def forget_session(self) -> None:
        """Record that the session has ended: the next process must not resume it."""
        _SLOT.pack_into(self._map, _SESSION_AT, 0, 0)

    def record_taken(self, id: int, now_s: float) -> None:
        """Record that an event is taken; `now_s` counts from 1970."""
        self._taken_ids.add(id, now_s)

    def take(self, event: TakenEvent) -> int | None:
        """Record an event before its handler starts; return its slot. None: it is too long, or all slots are taken."""
        data = msgspec.json.encode(event)
        if len(data) > SLOT_BYTES - _SLOT.size:
            return None
        if not self._free:
            # at the beginning, and later: the process that served before empties its slots one by one
            self._free = [slot for slot in reversed(range(SLOT_COUNT)) if not self._is_used(slot)]
        if not self._free:
            return None
        slot = self._free.pop()
        self._own.add(slot)
        self._write(_offset(slot), SLOT_BYTES, data, 1)
        return slot

    def finish(self, slot: int) -> None:
        """Remove an event: it was handled."""
        self._own.discard(slot)
        _SLOT.pack_into(self._map, _offset(slot), 0, 0)
        if self._is_locked:
            self._free.append(slot)

    def _open_map(self) -> mmap.mmap:
        """Map the file. If no process serves, bring it to this layout first; the magic number is written last."""
        size, magic = os.fstat(self._fd).st_size, os.pread(self._fd, len(_MAGIC), 0)
        if (size, magic) == (_FILE_BYTES, _MAGIC):
            return mmap.mmap(self._fd, _FILE_BYTES)
        try:
            self.lock()
        except AnotherServes as error:
            raise OtherLayout from error
        # reserve the blocks: a write to a mapped hole of a full disk would kill the process
        os.posix_fallocate(self._fd, 0, _FILE_BYTES)
        os.ftruncate(self._fd, _FILE_BYTES)
        file = mmap.mmap(self._fd, _FILE_BYTES)
        if size < _TAKEN_AT or magic != _MAGIC_WITHOUT_TAKEN:
            file[:] = bytes(_FILE_BYTES)
        file[: len(_MAGIC)] = _MAGIC
        self.unlock()
        return file

    def _is_used(self, slot: int) -> bool:
        length: int = _SLOT.unpack_from(self._map, _offset(slot))[0]
        return 0 < length <= SLOT_BYTES - _SLOT.size

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
