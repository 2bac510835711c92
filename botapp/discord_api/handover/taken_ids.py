"""The ids of what was taken from Discord lately: a part of the file of taken events.

A process that takes over has received the same events in its own session. With these ids it knows which of them are
done. The ids are a ring: a new one overwrites the oldest.

Layout: the place of the next id, then the ids, each with the time when it was taken.
"""

from __future__ import annotations

import mmap
import struct
from typing import Final

#: how many ids are kept: two minutes at 34 events a second
TAKEN_COUNT: Final = 4096
#: an id is of use for so long: the other session gets a message up to a minute later, and holds it for a minute
TAKEN_FOR_S: Final = 120.0

_NEXT: Final = struct.Struct("<Q8x")
_TAKEN: Final = struct.Struct("<Qd")
#: size of this part of the file
TAKEN_BYTES: Final = _NEXT.size + TAKEN_COUNT * _TAKEN.size


class TakenIds:
    """The ids in a mapped file."""

    def __init__(self, file: mmap.mmap, at: int) -> None:
        """`at` is where they begin, in bytes."""
        self._file = file
        self._at = at

    def add(self, id: int, now_s: float) -> None:
        """Record that an event is taken. `now_s` counts from 1970, as every process does."""
        place = _NEXT.unpack_from(self._file, self._at)[0] % TAKEN_COUNT
        _TAKEN.pack_into(self._file, self._at + _NEXT.size + place * _TAKEN.size, id, now_s)
        _NEXT.pack_into(self._file, self._at, (place + 1) % TAKEN_COUNT)

    def recent(self, now_s: float) -> dict[int, float]:
        """Return when each event was taken, by its id, for those that are of use."""
        begin = self._at + _NEXT.size
        content = self._file[begin : begin + TAKEN_COUNT * _TAKEN.size]
        # after a jump of the clock a time can be in the future
        return {id: at_s for id, at_s in _TAKEN.iter_unpack(content) if id and now_s - at_s <= TAKEN_FOR_S}
