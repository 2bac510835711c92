"""Places live messages: in `[bot] live_channel_id`, else where `/setup` chose, and in each `[[bot.live]]` channel."""

from __future__ import annotations

import logging

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime import state_file
from botapp.runtime.state_file import StateError
from botapp.services.live_message.message import LiveMessage, Messageable, remove_others
from botapp.ui.live.view import OnClick

log = logging.getLogger(__name__)


class LiveMessagePlacement:
    """Places the live messages of one bot."""

    def __init__(self, settings: Settings, messageable: Messageable, on_click: OnClick) -> None:
        """`messageable` returns the channel of an id without a request; `on_click` serves the buttons."""
        self._settings = settings
        self._messageable = messageable
        self._on_click = on_click

    @property
    def channel_id(self) -> int:
        """The channel of the first live message; 0 if none is chosen or the choice cannot be read."""
        if self._settings.bot.live_channel_id:
            return self._settings.bot.live_channel_id
        try:
            return state_file.load(self._settings.state_file).live_channel_id
        except StateError as error:
            log.error(_("cannot read which channel was chosen: %s"), error)
            return 0

    def live_messages(self) -> list[LiveMessage]:
        """Return all live messages, the one in the chosen channel first."""
        channel_id = self.channel_id
        chosen = [self._in_channel(channel_id)] if channel_id else []
        return [*chosen, *(self._in_channel(live.channel_id, live.language) for live in self._settings.bot.live)]

    def choose(self, channel_id: int) -> LiveMessage:
        """Choose the channel, for later processes too, and return its live message. Raises StateError."""
        state_file.change(self._settings.state_file, live_channel_id=channel_id)
        return self._in_channel(channel_id)

    async def remove_others(self, keys: set[tuple[int, str]]) -> None:
        """Delete the live messages of earlier settings: those whose channel and language are not in `keys`."""
        try:
            await remove_others(self._messageable, self._settings.state_file, keys)
        except StateError as error:
            log.warning(_("cannot remove an earlier live message: %s"), error)

    def _in_channel(self, channel_id: int, language: str = "") -> LiveMessage:
        return LiveMessage(self._messageable, channel_id, self._settings.state_file, self._on_click, language)
