"""How the connection to Discord is: up or down, since when, how slow, how often it was begun."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from botapp.locale import _

#: how long it may be away before the buttons count as broken, in seconds
OFFLINE_GRACE_S: Final = 5.0
#: slower than that, an answer comes too late for Discord, in seconds
MAX_LATENCY_S: Final = 2.5
#: latencies above that are discord.py's way to say that there is none, in seconds
_NO_LATENCY_S: Final = 3600.0


class GatewayStatus:
    """One life's connection to Discord."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that only grow."""
        self.online = False
        #: whether it was ever up
        self.was_up = False
        #: sessions that were begun
        self.identifies = 0
        #: tries in a row that came to nothing
        self.lost_tries = 0
        self._clock = clock
        self._offline_since_s = clock()

    def up(self) -> None:
        """The connection is there."""
        self.online = self.was_up = True
        self.lost_tries = 0

    def down(self) -> bool:
        """The connection is lost, or did not come about; return whether it was there before."""
        was_online, self.online = self.online, False
        self.lost_tries += 1
        if was_online:
            self._offline_since_s = self._clock()
        return was_online

    def problem(self, latency_s: float) -> str | None:
        """Say why clicks cannot be served; None: they can, or the connection is not away for long."""
        if not self.online and self._clock() - self._offline_since_s >= OFFLINE_GRACE_S:
            return _("not connected to Discord")
        if self.online and MAX_LATENCY_S < latency_s < _NO_LATENCY_S:
            return _("Discord takes %d ms to answer") % (1000 * latency_s)
        return None

    def health(self, latency_s: float) -> dict[str, Any]:
        """Return how the connection is, as `status` shows it."""
        known = self.online and latency_s < _NO_LATENCY_S
        return {
            "is_healthy": self.online or not self.was_up,
            "last_error": None if self.online else _("not connected to Discord"),
            # no new life could mend it, nor what else fails because of it
            "external": True,
            "connected": self.online,
            "latency_ms": round(latency_s * 1000, 1) if known else None,
            "identifies": self.identifies,
        }
