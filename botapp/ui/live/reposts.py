"""When a live message that was deleted is posted again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

#: deletions that are older do not count, in seconds
WINDOW_S: Final = 600.0
#: after so many deletions within the window, each repost waits
FREE_DELETIONS: Final = 3
#: shortest and longest wait, in seconds
MIN_WAIT_S: Final = 15.0
MAX_WAIT_S: Final = 600.0


def keep_recent(deletions_s: Sequence[float], now_s: float) -> tuple[float, ...]:
    """Return the deletions within the window, oldest first."""
    return tuple(at_s for at_s in deletions_s if now_s - at_s < WINDOW_S)


def next_post_s(deletions_s: Sequence[float]) -> float | None:
    """Return the earliest time of the next post; None: at once. Times are monotonic seconds, oldest first."""
    extra = len(deletions_s) - FREE_DELETIONS
    if extra < 0:
        return None
    return deletions_s[-1] + min(MAX_WAIT_S, MIN_WAIT_S * 2.0 ** min(extra, 10))
