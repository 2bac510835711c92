"""`LiveStockManager`: whether the live stock can be trusted, and what hangs on it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from botapp.locale import _
from botapp.ui.live.health import Listener, Status, changed, new_status, updated

log = logging.getLogger(__name__)


class LiveStockManager:
    """Keeps the live stock's status and tells its partner, the buttons, when that changes."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        on_report: Callable[[bool, str | None], None] = lambda is_healthy, error: None,
    ) -> None:
        """`clock` gives seconds since 1970; `on_report` hears how each operation went, and its error."""
        self.livestock_status: Status = new_status()
        self._clock = clock
        self._on_report = on_report
        self._listener: Listener | None = None
        self._buttons_healthy = True

    def set_listener(self, listener: Listener) -> None:
        """Tell `listener` from now on whether the live stock is healthy."""
        self._listener = listener

    def get_status(self) -> Status:
        """Return a copy of the status."""
        return self.livestock_status.copy()

    def is_healthy(self) -> bool:
        """Tell whether the live stock can be trusted."""
        return self.livestock_status["is_healthy"]

    def may_show(self) -> bool:
        """Tell whether stock may be shown: it can be trusted, and so can the buttons under it."""
        return self.is_healthy() and self._buttons_healthy

    async def on_button_status_change(self, is_healthy: bool, error: str | None) -> None:
        """The buttons' health has changed: without them the stock is not shown."""
        if is_healthy == self._buttons_healthy:
            return
        self._buttons_healthy = is_healthy
        if is_healthy:
            log.info(_("✅ Buttons are healthy again, live stock is shown"))
        else:
            log.warning(_("⚠️ Button manager is not healthy, live stock will not be shown"))

    def reset(self) -> None:
        """Begin anew: forget errors, and what the partner said. To be done to both partners."""
        self.livestock_status = new_status()
        self._buttons_healthy = True

    async def _update_status(self, is_healthy: bool, error: str | None = None) -> None:
        """Note how an operation went; log and tell the partner when that changes anything."""
        before, self.livestock_status = (
            self.livestock_status,
            updated(self.livestock_status, is_healthy, error, self._clock()),
        )
        self._on_report(is_healthy, self.livestock_status["last_error"])
        if not changed(before, self.livestock_status):
            return
        if is_healthy:
            log.info(_("✅ Live stock is healthy again"))
        else:
            log.error(_("❌ Live stock error: %s"), self.livestock_status["last_error"])
        if self._listener is not None:
            await self._listener(is_healthy, self.livestock_status["last_error"])
