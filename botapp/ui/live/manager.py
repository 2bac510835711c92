"""`StatusManager`: what the managers of live stock and live buttons share."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import ClassVar

from botapp.locale import _
from botapp.ui.live.health import Listener, Status, has_changed, new_status, update_status

log = logging.getLogger(__name__)


class StatusManager:
    """Records how the operations of one part went, and notifies the partner part when its health changes.

    Subclasses name the log lines, marked for the catalogues.
    """

    RECOVERED_LINE: ClassVar[str]
    #: takes the error
    FAILED_LINE: ClassVar[str]
    PARTNER_RECOVERED_LINE: ClassVar[str]
    PARTNER_FAILED_LINE: ClassVar[str]

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        on_report: Callable[[bool, str | None], None] = lambda is_healthy, error: None,
    ) -> None:
        """
        Args:
            clock: returns seconds since 1970.
            on_report: called after every operation, with its outcome and its error.
        """
        self._status: Status = new_status()
        self._clock = clock
        self._on_report = on_report
        self._listener: Listener | None = None
        self._partner_healthy = True

    def set_listener(self, listener: Listener) -> None:
        """Call `listener` whenever the health or the error changes."""
        self._listener = listener

    def get_status(self) -> Status:
        """Return a copy of the status."""
        return self._status.copy()

    def is_healthy(self) -> bool:
        """Return whether the last operation succeeded."""
        return self._status["is_healthy"]

    def reset(self) -> None:
        """Forget all errors and the partner's health. Call this for both partners."""
        self._status = new_status()
        self._partner_healthy = True

    async def report(self, is_healthy: bool, error: str | None = None) -> None:
        """Record the outcome of an operation; log and notify the partner if health or error changed."""
        before, self._status = self._status, update_status(self._status, is_healthy, error, self._clock())
        last_error = self._status["last_error"]
        self._on_report(is_healthy, last_error)
        if not has_changed(before, self._status):
            return
        if is_healthy:
            log.info(_(self.RECOVERED_LINE))
        else:
            log.error(_(self.FAILED_LINE), last_error)
        if self._listener is not None:
            await self._listener(is_healthy, last_error)

    async def _update_status(self, is_healthy: bool, error: str | None = None) -> None:
        """Do what `report` does, under the name that existing callers use."""
        await self.report(is_healthy, error)

    def _set_partner_health(self, is_healthy: bool) -> None:
        """Log a change of the partner's health once."""
        if is_healthy == self._partner_healthy:
            return
        self._partner_healthy = is_healthy
        if is_healthy:
            log.info(_(self.PARTNER_RECOVERED_LINE))
        else:
            log.warning(_(self.PARTNER_FAILED_LINE))
