"""The state of the connection to Discord's gateway: since when it is lost, how slow it is, how often it identified."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from botapp.locale import _

#: shorter outages do not make the buttons unhealthy, in seconds
OFFLINE_GRACE_S: Final = 5.0
#: with a higher latency answers reach Discord too late, in seconds
MAX_LATENCY_S: Final = 2.5
#: discord.py reports a latency above this when it has measured none, in seconds
_NO_LATENCY_S: Final = 3600.0


class GatewayStatus:
    """The state of one process's connection to the gateway."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns monotonic seconds."""
        self.is_online = False
        #: whether the connection was ever up
        self.was_online = False
        #: sessions that were begun
        self.identifies = 0
        #: consecutive failed attempts to connect
        self.failed_attempts = 0
        self._clock = clock
        self._offline_since_s = clock()

    def mark_online(self) -> None:
        """Record that the connection is up."""
        self.is_online = self.was_online = True
        self.failed_attempts = 0

    def mark_offline(self) -> bool:
        """Record that the connection was lost or could not be opened; return whether it was up before."""
        was_online, self.is_online = self.is_online, False
        self.failed_attempts += 1
        if was_online:
            self._offline_since_s = self._clock()
        return was_online

    def problem(self, latency_s: float) -> str | None:
        """Return why clicks cannot be answered; None if they can, or if the connection was lost just now."""
        if not self.is_online and self._clock() - self._offline_since_s >= OFFLINE_GRACE_S:
            return _("not connected to Discord")
        if self.is_online and MAX_LATENCY_S < latency_s < _NO_LATENCY_S:
            return _("Discord takes %d ms to answer") % (1000 * latency_s)
        return None

    def health(self, latency_s: float) -> dict[str, Any]:
        """Return the health of the connection, as `status` shows it."""
        has_latency = self.is_online and latency_s < _NO_LATENCY_S
        return {
            "is_healthy": self.is_online or not self.was_online,
            "last_error": None if self.is_online else _("not connected to Discord"),
            # a restart would not help, neither here nor with what fails because of it
            "external": True,
            "connected": self.is_online,
            "latency_ms": round(latency_s * 1000, 1) if has_latency else None,
            "identifies": self.identifies,
        }
