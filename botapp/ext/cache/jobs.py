"""What the writer can be asked to do: each job works on the files that can be used, inside one transaction.

Every job can be done again from the start: when a file fails half-way, the group is rolled back and repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Literal

from botapp.ext.cache import codec as cache_values
from botapp.ext.cache.database import Database, Row

Which = Literal["temp", "perm"]
#: the files that can be used
Usable = Mapping[Which, Database]
#: returns what whoever asked is told; None: that could not be done
Job = Callable[[Usable], Any]
#: key with prefix, packed value
Item = tuple[str, bytes]

BOTH: Final[tuple[Which, ...]] = ("temp", "perm")
#: entries that one job takes out at most, so that others need not wait for long
BATCH: Final = 500


def do_all(jobs: Sequence[Job], usable: Usable) -> list[Any]:
    """Return what comes of each job; a value that does not suit it is an outcome too. Raises what a file raises."""
    outcomes: list[Any] = []
    for place, run in groupby(jobs, lambda job: job.which if isinstance(job, Put) else None):
        if place is not None:
            # what is put in a row goes in together
            outcomes += _put_all(usable, [job for job in run if isinstance(job, Put)])
            continue
        for job in run:
            try:
                outcomes.append(job(usable))
            except (TypeError, ValueError) as error:
                outcomes.append(error)
    return outcomes


def puts(jobs: Sequence[Job], outcomes: Sequence[Any]) -> int:
    """Return how many items were put."""
    return sum(outcome for job, outcome in zip(jobs, outcomes, strict=True) if type(job) is Put)


def let_go(databases: Iterable[Database]) -> None:
    """Instead of what was done in a transaction, take out the keys that it moved to another file. Raises apsw.Error."""
    for database in databases:
        keys = database.moved_out
        database.roll_back()
        database.begin()
        for key in keys:
            database.remove(key)
        database.commit()


def which(permanent: bool) -> Which:
    """Return the file that an entry belongs into."""
    return "perm" if permanent else "temp"


class Put:
    """The job that keeps items in one file, and so no longer in the other; it tells how many are kept."""

    __slots__ = ("expires_at", "items", "set_at", "which")

    def __init__(self, which: Which, items: Sequence[Item], set_at: float, expires_at: float | None) -> None:
        self.which = which
        self.items = items
        self.set_at = set_at
        self.expires_at = expires_at

    def __call__(self, usable: Usable) -> int:
        """Do it alone."""
        return _put_all(usable, [self])[0]


def add(which: Which, item: Item, now: float, expires_at: float | None) -> Job:
    """Return the job that keeps an item unless its key is there; it tells whether it is kept."""

    def job(usable: Usable) -> bool:
        if _find(usable, item[0], now) is not None:
            return False
        return _put(usable, which, *item, now, expires_at)

    return job


def increase(which: Which, key: str, by: int, now: float, expires_at: float | None) -> Job:
    """Return the job that adds `by` to the whole number under `key`; it tells the sum.

    What is there keeps its file and its expiry; a new one begins at 0. The job raises TypeError when something else
    is there, or the sum is too large.
    """

    def job(usable: Usable) -> int | None:
        found = _find(usable, key, now)
        place, data = found if found is not None else (which, None)
        before, until = 0, expires_at
        if data is not None:
            before, until = cache_values.unpack(cache_values.unseal(key, data, now) or b""), cache_values.expiry(data)
        if type(before) is not int:
            raise TypeError(f"the value of {key!r} is a {type(before).__name__}; only whole numbers can be increased")
        total: int = before + by
        return total if _put(usable, place, key, cache_values.pack(key, total), now, until) else None

    return job


def remove(keys: Iterable[str]) -> Job:
    """Return the job that takes keys out; it tells how many were there."""

    def job(usable: Usable) -> int:
        return sum(database.remove(key) for key in keys for database in usable.values())

    return job


def remove_expired(now: float, namespace: str | None = None) -> Job:
    """Return the job that takes out some of what has expired at `now`; it tells how many."""

    def job(usable: Usable) -> int:
        return sum(database.remove_expired(now, namespace, BATCH) for database in usable.values())

    return job


def remove_namespace(which: tuple[Which, ...], namespace: str) -> Job:
    """Return the job that takes out some entries of a namespace; it tells how many."""

    def job(usable: Usable) -> int:
        return sum(usable[one].remove_namespace(namespace, BATCH) for one in which if one in usable)

    return job


def _put_all(usable: Usable, puts: Sequence[Put]) -> list[int]:
    place = puts[0].which
    rows: dict[str, Row] = {}
    for put in puts:
        for key, packed in put.items:
            data = cache_values.seal(key, packed, put.set_at, put.expires_at)
            rows[key] = (key, data, put.set_at, put.expires_at)
    for other, database in usable.items():
        if other != place:
            database.move_out(rows)
    if place not in usable:
        return [0] * len(puts)
    usable[place].put(rows)
    return [len(put.items) for put in puts]


def _put(usable: Usable, place: Which, key: str, packed: bytes, set_at: float, expires_at: float | None) -> bool:
    return bool(_put_all(usable, [Put(place, ((key, packed),), set_at, expires_at)])[0])


def _find(usable: Usable, key: str, now: float) -> tuple[Which, bytes] | None:
    for which, database in usable.items():
        if (data := database.find(key, now)) is not None:
            return which, data
    return None
