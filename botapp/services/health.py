"""The health of the bot, as heartbeats report it and `status` shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from botapp.ext.cache_manager import CacheManager
from botapp.services.live_message.updater import LiveMessageUpdater

#: time between two measurements of the event loop's lag, and how long one takes, in seconds
LAG_INTERVAL_S: Final = 2.0
_SAMPLE_S: Final = 0.05


class BotHealth:
    """Collects the health of the bot's parts."""

    def __init__(
        self,
        live_updater: LiveMessageUpdater,
        cache: CacheManager,
        gateway: Callable[[], dict[str, Any]],
        shop: Callable[[], dict[str, Any]],
        clicks: Callable[[], dict[str, Any]],
    ) -> None:
        """`gateway` and `shop` return the health of the connection to Discord, and of the shop's parts by name.

        `clicks` returns how many were answered, and how long that took.
        """
        self._live_updater = live_updater
        self._cache = cache
        self._gateway = gateway
        self._shop = shop
        self._clicks = clicks
        self._loop_lag_s = 0.0

    def report(self) -> dict[str, Any]:
        """Return the health of all parts by name."""
        return {
            "livestock": self._live_updater.livestock.get_status(),
            "buttons": self._live_updater.buttons.get_status(),
            "visibility": self._live_updater.health(),
            "gateway": self._gateway(),
            **self._shop(),
            "cache": self._cache.health(),
            "clicks": self._clicks(),
            "loop_lag_ms": round(self._loop_lag_s * 1000, 1),
        }

    async def measure_loop_lag(self) -> None:
        """Measure how late the event loop wakes a sleeping task."""
        loop = asyncio.get_running_loop()
        planned = loop.time() + _SAMPLE_S
        await asyncio.sleep(_SAMPLE_S)
        self._loop_lag_s = max(0.0, loop.time() - planned)
