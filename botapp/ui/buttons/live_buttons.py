"""`LiveButtonManager`: the health of the live buttons."""

from __future__ import annotations

from botapp.locale import N_
from botapp.ui.live.health import Status
from botapp.ui.live.manager import StatusManager


class LiveButtonManager(StatusManager):
    """The status of the live buttons; its partner is `LiveStockManager`."""

    RECOVERED_LINE = N_("✅ Buttons are healthy again")
    FAILED_LINE = N_("❌ Button error: %s")
    PARTNER_RECOVERED_LINE = N_("✅ Stock is healthy again, buttons are enabled")
    PARTNER_FAILED_LINE = N_("⚠️ Stock is not healthy, buttons are disabled")

    @property
    def button_status(self) -> Status:
        """The current status."""
        return self._status

    async def on_livestock_status_change(self, is_healthy: bool, error: str | None) -> None:
        """Record the health of the live stock: unless it is healthy, the live message disables the buttons."""
        self._set_partner_health(is_healthy)
