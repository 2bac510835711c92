"""`LiveStockManager`: the health of the live stock."""

from __future__ import annotations

from botapp.locale import N_
from botapp.ui.live.health import Status
from botapp.ui.live.manager import StatusManager


class LiveStockManager(StatusManager):
    """The status of the live stock; its partner is `LiveButtonManager`."""

    RECOVERED_LINE = N_("✅ Stock is healthy again")
    FAILED_LINE = N_("❌ Stock error: %s")
    PARTNER_RECOVERED_LINE = N_("✅ Buttons are healthy again, stock is shown")
    PARTNER_FAILED_LINE = N_("⚠️ Buttons are not healthy, stock will not be shown")

    @property
    def livestock_status(self) -> Status:
        """The current status."""
        return self._status

    async def on_button_status_change(self, is_healthy: bool, error: str | None) -> None:
        """Record the health of the buttons: unless they work, the live message does not show the stock."""
        self._set_partner_health(is_healthy)
