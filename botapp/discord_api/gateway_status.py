"""The state of the connection to Discord's gateway: since when it is lost, how slow it is, how often it identified."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from botapp.locale import _

#: shorter outages do not make the buttons unhealthy, in seconds. A new session alone takes discord.py over 5 s.
OFFLINE_GRACE_S: Final = 10.0
#: with a higher latency answers reach Discord too late, in seconds
MAX_LATENCY_S: Final = 2.5
#: heartbeats of a session before its latency counts, and slow heartbeats in a row that make the buttons unhealthy.
#: discord.py reads the answer to a session's first heartbeat late: it sleeps 5 s between HELLO and IDENTIFY.
IGNORED_HEARTBEATS: Final = 1
SLOW_HEARTBEATS: Final = 2


class GatewayStatus:
    """The state of one process's connection to the gateway."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, skipped: Mapping[str, int] | None = None
    ) -> None:
        """`clock` returns monotonic seconds; `skipped` has the number of unreadable events by type."""
        #: the latency of the last heartbeat that counts, in seconds; None if there was none
        self.latency_s: float | None = None
        self.is_online = False
        #: set when the connection is up for the first time
        self.opened = asyncio.Event()
        #: since when it is up, in seconds since 1970; None while it is not
        self.opened_at_s: float | None = None
        #: sessions that were begun
        self.identifies = 0
        #: consecutive failed attempts to connect
        self.failed_attempts = 0
        self._clock = clock
        self._skipped = skipped or {}
        self._offline_since_s = clock()
        self._measured_s: float | None = None
        self._heartbeats = 0
        self._slow_heartbeats = 0

    @property
    def was_online(self) -> bool:
        """Whether the connection was ever up."""
        return self.opened.is_set()

    def mark_online(self) -> None:
        """Record that the connection is up."""
        self.is_online = True
        self.opened_at_s = time.time()
        self.opened.set()
        self.failed_attempts = 0
        self.latency_s = self._measured_s = None
        self._heartbeats = self._slow_heartbeats = 0

    def measure_latency(self, latency_s: float) -> None:
        """Record the latency that discord.py has measured, in seconds. Call it more often than discord.py measures.

        A value that differs from the last one is the answer to another heartbeat. An infinite one is none.
        """
        if not self.is_online or not math.isfinite(latency_s) or latency_s == self._measured_s:
            return
        self._measured_s = latency_s
        self._heartbeats += 1
        if self._heartbeats > IGNORED_HEARTBEATS:
            self.latency_s = latency_s
            self._slow_heartbeats = self._slow_heartbeats + 1 if latency_s > MAX_LATENCY_S else 0

    def mark_offline(self) -> bool:
        """Record that the connection was lost or could not be opened; return whether it was up before."""
        was_online, self.is_online = self.is_online, False
        self.opened_at_s = None
        self.failed_attempts += 1
        if was_online:
            self._offline_since_s = self._clock()
        return was_online

    def problem(self) -> str | None:
        """Return why clicks cannot be answered; None if they can, or if the connection was lost just now."""
        if not self.is_online and self._clock() - self._offline_since_s >= OFFLINE_GRACE_S:
            return _("not connected to Discord")
        if self.is_online and self.latency_s is not None and self._slow_heartbeats >= SLOW_HEARTBEATS:
            return _("Discord takes %d ms to answer") % (1000 * self.latency_s)
        return None

    def health(self) -> dict[str, Any]:
        """Return the health of the connection, as `status` shows it."""
        has_latency = self.is_online and self.latency_s is not None
        return {
            "is_healthy": self.is_online or not self.was_online,
            "last_error": None if self.is_online else _("not connected to Discord"),
            # a restart would not help, neither here nor with what fails because of it
            "external": True,
            "connected": self.is_online,
            "latency_ms": round((self.latency_s or 0.0) * 1000, 1) if has_latency else None,
            "identifies": self.identifies,
            "skipped_events": sum(self._skipped.values()),
        }
