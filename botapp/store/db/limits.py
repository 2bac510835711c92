"""How long the database may take: each use case has a time limit, from the call to the end of its transaction.

Callers set another limit with `time_limit`. The thread of the use case has its deadline, which the driver reads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

#: of a use case, in seconds. Discord gives a button 15 minutes, but no one waits that long.
USE_CASE_TIMEOUT_S: Final = 10.0
#: of a use case that moves a whole upload or computes a report, in seconds
LONG_USE_CASE_TIMEOUT_S: Final = 120.0
#: of a migration, which makes a backup first, in seconds
MIGRATION_TIMEOUT_S: Final = 1800.0
#: of one statement of a command such as `stocksup data backup`, in seconds
STATEMENT_TIMEOUT_S: Final = 300.0

_limit_s: ContextVar[float] = ContextVar("limit_s", default=USE_CASE_TIMEOUT_S)
_thread = threading.local()


@contextmanager
def time_limit(limit_s: float) -> Iterator[None]:
    """Give the use cases that this block runs another time limit."""
    token = _limit_s.set(limit_s)
    try:
        yield
    finally:
        _limit_s.reset(token)


def current_limit_s() -> float:
    """Return the time limit of a use case that is run now, in seconds."""
    return _limit_s.get()


@contextmanager
def deadline(at_s: float) -> Iterator[None]:
    """Limit what this thread does in the block to `at_s`, in seconds of `time.monotonic`."""
    before: float | None = getattr(_thread, "deadline_s", None)
    _thread.deadline_s = at_s
    try:
        yield
    finally:
        _thread.deadline_s = before


def remaining_s() -> float:
    """Return how long the database may still take for this thread, in seconds; not above zero when it is too late."""
    at_s: float | None = getattr(_thread, "deadline_s", None)
    return STATEMENT_TIMEOUT_S if at_s is None else at_s - time.monotonic()
