"""What the heartbeats say about a life. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_lost(heard_s: float | None, heartbeat_timeout_s: float, now_s: float) -> bool:
    """Tell whether a life has been silent for too long. One that never spoke (`heard_s` None) need not speak."""
    return heard_s is not None and now_s - heard_s >= heartbeat_timeout_s


def unhealthy(health: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of the parts that report `is_healthy: false`, in their order.

    `health` is what the last heartbeat carried: a part's name to whatever the part says about itself.
    """
    parts = (health or {}).items()
    return tuple(name for name, part in parts if isinstance(part, Mapping) and part.get("is_healthy") is False)
