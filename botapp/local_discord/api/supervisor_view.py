"""The supervisor's status and history for the page, requested over this program's own connection."""

from __future__ import annotations

from typing import Any, Final

from botapp.local_discord.api.event_feed import EventFeed
from botapp.runtime.supervisor_link import SupervisorLink
from supervisor.client import ControlError, Message

#: restarts that the page shows
_SHOWN_RESTARTS: Final = 6
_ANSWER_TIMEOUT_S: Final = 2.0


class SupervisorView:
    """The supervisor as one of its programs sees it; `link` is None without a supervisor."""

    def __init__(self, feed: EventFeed) -> None:
        self.link: SupervisorLink | None = None
        self._feed = feed

    def on_event(self, event: Message) -> None:
        """Publish that the supervisor has changed, so that the page fetches its status again."""
        self._feed.publish("supervisor", what=event.get("type"))

    def on_connected(self, connected: bool) -> None:
        """Publish that the connection to the supervisor is open or lost."""
        self._feed.publish("supervisor", what="connected" if connected else "lost")

    async def fetch(self) -> dict[str, Any]:
        """Return the supervisor's state: `none` (no supervisor), `away` (it does not answer) or `here`.

        `status` is the object of `stocksup status --json`, `history` the newest restarts.
        """
        if self.link is None:
            return {"state": "none", "status": None, "history": []}
        try:
            status = await self.link.request("status", timeout_s=_ANSWER_TIMEOUT_S)
            history = await self.link.request("history", n=_SHOWN_RESTARTS, timeout_s=_ANSWER_TIMEOUT_S)
        except ControlError:
            return {"state": "away", "status": None, "history": []}
        return {
            "state": "here",
            "status": {key: status[key] for key in ("supervisor", "programs")},
            "history": history["history"],
        }
