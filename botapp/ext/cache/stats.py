"""What there is to say about the cache: all of it for `get_stats`, a little for a heartbeat."""

from __future__ import annotations

from typing import Any

from botapp.ext.cache.counters import kinds, sizes
from botapp.ext.cache.shared import Shared


def stats(shared: Shared, now: float) -> dict[str, Any]:
    """Return all figures; `now` in seconds since 1970."""
    totals, oldest = shared.files.totals(), shared.files.oldest()
    return {
        **health(shared),
        "size_bytes": shared.files.size_bytes(),
        "max_bytes": shared.max_bytes,
        "oldest_entry": min((at for at in oldest.values() if at is not None), default=None),
        "kinds": kinds(totals, oldest),
        "namespaces": shared.counters.by_namespace(list(totals.values())),
        **shared.counters.shown(now),
    }


def health(shared: Shared) -> dict[str, Any]:
    """Return the few figures that go into a heartbeat."""
    temp, perm = (sizes(one) for one in shared.files.totals().values())
    hits, misses = shared.counters.lookups()
    problem = shared.files.problem
    return {
        "is_healthy": problem is None,
        # a full disk, say: a new life could not mend that
        "external": problem is not None,
        "enabled": problem is None,
        "problem": problem,
        "last_error": shared.files.last_error,
        "sealed": shared.files.sealed,
        "entries": temp["entries"] + perm["entries"],
        "temporary": temp["entries"],
        "permanent": perm["entries"],
        "bytes": temp["bytes"] + perm["bytes"],
        "hits": hits,
        "misses": misses,
        "evictions": shared.counters.evictions,
        "errors": shared.counters.errors,
    }
