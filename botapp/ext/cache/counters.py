"""What is counted about the cache in this process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Counters:
    """Counts since the first manager opened the files; reads count hits and misses, the writer the rest."""

    hits: int = 0
    misses: int = 0
    sets: int = 0
    deletes: int = 0
    #: sets that were not kept because the cache was sealed
    refused: int = 0
    evictions: int = 0
    expired: int = 0
    errors: int = 0
    #: text of the last error
    last_error: str | None = None
