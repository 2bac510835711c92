"""Asks the supervisor for a new life when this one has too many errors; at most so often, also over lives."""

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
    """One life's last resort."""

    def __init__(
        self, link: SupervisorLink | None, tasks: TaskRegistry, state_file: Path, notify: Callable[[str], None]
    ) -> None:
        """`link` is None without a supervisor; then nothing is asked. `notify` tells admins."""
        self._link = link
        self._tasks = tasks
        self._state_file = state_file
        self._notify = notify
        self._asked = False

    def check(self, health: health_link.LiveHealth) -> None:
        """Ask for a new life if `health` wants one. Never waits."""
        now_s = time.time()
        if self._link is None or not self._link.is_connected or self._asked or self._tasks.is_draining:
            return
        # cheap first: the file is looked at only when there are errors enough
        if not health_link.wants_restart(health, None, now_s):
            return
        try:
            last_s = state.load(self._state_file).restart_asked_s
            if not health_link.wants_restart(health, last_s or None, now_s):
                return
            state.change(self._state_file, restart_asked_s=now_s)
        except StateError as error:
            # who cannot remember that he asked would ask again and again
            log.warning(_("too many errors, and no new life is asked for: %s"), error)
            return
        self._asked = True
        self._tasks.spawn(_("a new life"), self._ask(len(health.errors_s)))

    async def _ask(self, errors: int) -> None:
        assert self._link is not None
        text = _("🚑 Too many errors (%d): the bot asks for a restart of itself.") % errors
        log.error(text)
        self._notify(text)
        try:
            program = self._link.environment.program
            await self._link.request("restart", program=program, reason=text, requested_by="bot", wait=False)
        except ControlError as error:
            self._asked = False
            log.error(_("the supervisor refused it: %s"), error)
