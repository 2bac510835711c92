"""What the page shows of the supervisor: asked at the door, over the link that this program has anyway."""

from __future__ import annotations

from typing import Any, Final

from botapp.local_discord.api.event_feed import EventFeed
from botapp.runtime.supervisor_link import SupervisorLink
from supervisor.client import ControlError, Message

#: restarts that the page shows
_SHOWN_RESTARTS: Final = 6
_ANSWER_TIMEOUT_S: Final = 2.0


class SupervisorView:
    """The supervisor, seen by a program that it keeps. Without one (`link` is None) there is nothing to see."""

    def __init__(self, feed: EventFeed) -> None:
        self.link: SupervisorLink | None = None
        self._feed = feed

    def heard(self, event: Message) -> None:
        """Something has happened there: whoever looks should look again."""
        self._feed.publish("supervisor", what=event.get("type"))

    def connected(self, connected: bool) -> None:
        """The link is up, or lost."""
        self._feed.publish("supervisor", what="link" if connected else "lost")

    async def look(self) -> dict[str, Any]:
        """Return how everything is: `state` is `none` (nobody supervises), `away` (it does not answer) or `here`.

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
