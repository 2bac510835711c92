"""What the writer thread can be asked to do, each inside one transaction on the files that work.

Every job can be repeated from the start: when a file fails, the group of jobs is rolled back and done again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from botapp.ext.cache.codec import encode_entry
from botapp.ext.cache.database import Database

Kind = Literal["temp", "perm"]
#: the open files
Files = Mapping[Kind, Database]
#: returns the result for the caller; None: the job could not be done
Job = Callable[[Files], Any]

KINDS: Final[tuple[Kind, ...]] = ("temp", "perm")
#: expired entries that one job removes, so that other jobs do not wait for long
EXPIRED_BATCH: Final = 500


def put(kind: Kind, key: str, packed: bytes, set_at: float, expires_at: float | None) -> Job:
    """Return the job that sets an entry in one file and removes it from the other; its result is whether it is kept."""

    def job(files: Files) -> bool:
        for other, database in files.items():
            if other != kind:
                database.remove(key)
        if kind not in files:
            return False
        files[kind].put(key, encode_entry(key, packed, set_at, expires_at), set_at, expires_at)
        return True

    return job


def remove(key: str) -> Job:
    """Return the job that removes a key; its result is whether it existed."""
    return lambda files: sum(database.remove(key) for database in files.values()) > 0


def remove_expired(now: float) -> Job:
    """Return the job that removes a batch of entries that have expired at `now`; its result is how many."""
    return lambda files: sum(database.remove_expired(now, EXPIRED_BATCH) for database in files.values())
