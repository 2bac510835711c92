"""Ask the supervisor for a restart after too many errors, with a minimum interval that spans restarts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.state_file import StateError
from botapp.runtime.supervisor_link import SupervisorLink
from botapp.runtime.tasks import TaskRegistry
from botapp.ui.live import health as health_link
from supervisor.client import ControlError

log = logging.getLogger(__name__)


class SelfRestart:
    """Requests a restart of the bot, at most once per process."""

    def __init__(
        self, link: SupervisorLink | None, tasks: TaskRegistry, state_file: Path, notify: Callable[[str], None]
    ) -> None:
        """`link` is None without a supervisor; then nothing is requested. `notify` sends a text to admins."""
        self._link = link
        self._tasks = tasks
        self._state_file = state_file
        self._notify = notify
        self._has_requested = False

    def check(self, health: health_link.LiveHealth) -> None:
        """Request a restart if `health` calls for one. Never waits."""
        now_s = time.time()
        if self._link is None or not self._link.is_connected or self._has_requested or self._tasks.is_quiesced:
            return
        # cheap check first: read the file only if there are enough errors
        if not health_link.wants_restart(health, None, now_s):
            return
        try:
            last_s = state.load(self._state_file).restart_asked_s
            if not health_link.wants_restart(health, last_s or None, now_s):
                return
            state.change(self._state_file, restart_asked_s=now_s)
        except StateError as error:
            # without the state file the request would repeat forever
            log.warning(_("self-restart: too many errors, but cannot store the request, so none is made: %s"), error)
            return
        self._has_requested = True
        self._tasks.spawn(_("self-restart"), self._request(len(health.internal_errors_s)))

    async def _request(self, errors: int) -> None:
        assert self._link is not None
        text = _("🚑 Too many errors (%d): the bot is asking for a restart.") % errors
        log.error(text)
        self._notify(text)
        try:
            program = self._link.environment.program
            await self._link.request("restart", program=program, reason=text, requested_by="bot", wait=False)
        except ControlError as error:
            self._has_requested = False
            log.error(_("self-restart: the supervisor refused it: %s"), error)
