"""`LiveButtonManager`: whether the live buttons work, and what hangs on it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from botapp.locale import _
from botapp.ui.live.health import Listener, Status, changed, new_status, updated

log = logging.getLogger(__name__)


class LiveButtonManager:
    """Keeps the live buttons' status and tells its partner, the live stock, when that changes."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        on_report: Callable[[bool, str | None], None] = lambda is_healthy, error: None,
    ) -> None:
        """`clock` gives seconds since 1970; `on_report` hears how each operation went, and its error."""
        self.button_status: Status = new_status()
        self._clock = clock
        self._on_report = on_report
        self._listener: Listener | None = None
        self._livestock_healthy = True

    def set_listener(self, listener: Listener) -> None:
        """Tell `listener` from now on whether the buttons are healthy."""
        self._listener = listener

    def get_status(self) -> Status:
        """Return a copy of the status."""
        return self.button_status.copy()

    def is_healthy(self) -> bool:
        """Tell whether the buttons work."""
        return self.button_status["is_healthy"]

    def may_serve(self) -> bool:
        """Tell whether a click may be served with stock: the buttons work, and the stock can be trusted."""
        return self.is_healthy() and self._livestock_healthy

    async def on_livestock_status_change(self, is_healthy: bool, error: str | None) -> None:
        """The live stock's health has changed: without it the buttons are off."""
        if is_healthy == self._livestock_healthy:
            return
        self._livestock_healthy = is_healthy
        if is_healthy:
            log.info(_("✅ Live stock is healthy again, buttons are on"))
        else:
            log.warning(_("⚠️ Live stock is not healthy, buttons are off"))

    def reset(self) -> None:
        """Begin anew: forget errors, and what the partner said. To be done to both partners."""
        self.button_status = new_status()
        self._livestock_healthy = True

    async def _update_status(self, is_healthy: bool, error: str | None = None) -> None:
        """Note how an operation went; log and tell the partner when that changes anything."""
        before, self.button_status = (
            self.button_status,
            updated(self.button_status, is_healthy, error, self._clock()),
        )
        self._on_report(is_healthy, self.button_status["last_error"])
        if not changed(before, self.button_status):
            return
        if is_healthy:
            log.info(_("✅ Buttons are healthy again"))
        else:
            log.error(_("❌ Button error: %s"), self.button_status["last_error"])
        if self._listener is not None:
            await self._listener(is_healthy, self.button_status["last_error"])
