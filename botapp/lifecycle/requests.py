"""The bot under its supervisor: how it answers the supervisor's requests, and the "back again" after a restart."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import discord

from botapp.discord_api.errors import connection_problem
from botapp.lifecycle.drain import DrainableBot
from botapp.lifecycle.serving import Retire, Serve
from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.log import reopen
from botapp.runtime.state_file import StateError
from botapp.runtime.supervisor_link import SupervisorLink
from botapp.ui.admin import restart_dialog

if TYPE_CHECKING:
    from botapp.lifecycle.drain import Drain
    from supervisor.client import LifeEnvironment, Message

log = logging.getLogger(__name__)


#: pauses before further attempts to report a restart to its requester, in seconds
REPORT_PAUSES_S: Final = (1.0, 10.0, 60.0, 300.0)


class SupervisedBot(DrainableBot, Protocol):
    """The bot as its supervisor's requests use it."""

    drain: Drain


class SupervisorRequests:
    """Handles the supervisor's requests for one bot."""

    def __init__(self, bot: SupervisedBot) -> None:
        self._bot = bot
        #: what the requester of the restart left for this process; None once it is used
        self._ticket: Message | None = None

    def create_link(self, environment: LifeEnvironment) -> SupervisorLink:
        """Return a connection to the supervisor whose requests arrive here."""
        return SupervisorLink(
            environment,
            {
                "welcome": self._on_welcome,
                "drain": self._on_drain,
                "serve": self._on_serve,
                "retire": self._on_retire,
                "retired": self._on_retired,
                "cache": self._on_cache,
                "reopen": self._on_reopen,
            },
            health=self._bot.health,
            role=lambda: self._bot.serving.role,
            answered=lambda: self._bot.interactions.answered,
            extra_starts=lambda: max(0, self._bot.gateway.identifies - 1),
            writes_traceback=True,
            sockets=self._bot.passed_sockets,
            on_ready=self._on_ready,
            on_connected=self._on_connected,
        )

    def _on_connected(self, connected: bool) -> None:
        self._bot.drain.connection_changed(connected)
        self._bot.serving.connection_changed(connected)

    async def _on_welcome(self, message: Message) -> Message:
        self._ticket = message.get("ticket") or self._ticket
        serving = self._bot.serving
        if serving.role == "prepared" and (deadline_s := message.get("deadline_s")) is not None:
            serving.limit_preparation(float(deadline_s))
        elif serving.role == "serving":
            serving.set_predecessor(lives=message.get("retiring") is not None)
        return {}

    async def _on_serve(self, message: Message) -> Message:
        self._ticket = message.get("ticket") or self._ticket
        cache_dirs = Path(str(message["cache_dir"])), Path(str(message["cache_perm_dir"]))
        self._bot.serving.order(Serve(cache_dirs, float(message.get("probation_s") or 0.0)))
        return {}

    async def _on_retire(self, message: Message) -> Message:
        self._bot.serving.order(Retire(float(message["deadline_s"])))
        return {}

    async def _on_retired(self, message: Message) -> Message:
        self._bot.serving.set_predecessor(lives=False)
        return {}

    async def _on_drain(self, message: Message) -> Message:
        self._bot.drain.start(str(message["reason"]), float(message["deadline_s"]), message.get("flush"))
        return {}

    async def _on_cache(self, message: Message) -> Message:
        cache = self._bot.cache
        if message["action"] == "stats":
            return {"stats": cache.get_stats()}
        clear = {"expired": cache.clear_expired, "temporary": cache.clear_temporary, "all": cache.clear}
        return {"removed": await clear[message["scope"]]()}

    async def _on_reopen(self, message: Message) -> Message:
        reopen()
        return {}

    def _on_ready(self, report: Message | None) -> None:
        """Tell the requester, or else the live channel, that the bot is back."""
        ticket, self._ticket = self._ticket, None
        failure = self._take_failure()
        is_news = restart_dialog.is_announced(report)
        if report is not None and is_news:
            log.info(_("back again after a restart requested by %s"), report["requested_by"])
        if self._bot.tasks.is_quiesced:
            return
        channel_id = self._bot.live_updater.channel_id
        if ticket is not None:
            self._bot.tasks.spawn(_("back again"), self._answer_ticket(ticket, report, failure))
        elif failure:
            self._bot.loader.notify(failure)
        if ticket is None and is_news and channel_id is not None:
            text = restart_dialog.back_again(self._bot.life or 0, None)
            self._bot.tasks.spawn(_("back again"), self._bot.restart_notice.show(channel_id, text))
        else:
            self._bot.tasks.spawn(_("back again"), self._bot.restart_notice.remove())

    def _take_failure(self) -> str:
        """Return the text about an earlier failure that this process has to tell; empty if there is none."""
        state_file = self._bot.settings.state_file
        try:
            failure = state.load(state_file).failure
            if failure is None:
                return ""
            state.change(state_file, failure=None)
        except StateError as error:
            log.warning(_("back again: cannot read why the bot was down: %s"), error)
            return ""
        log.warning(_("back again after a failure: %s"), failure.reason)
        return restart_dialog.was_down(failure.reason, failure.at_s)

    async def _answer_ticket(self, ticket: Message, report: Message | None, failure: str) -> None:
        """Report the restart to its requester, as soon as Discord can be reached. Failures are logged."""
        text = restart_dialog.back_again(self._bot.life or 0, report)
        text = f"{text}\n{failure}" if failure else text
        for pause_s in (*REPORT_PAUSES_S, None):
            try:
                await self._edit_request(ticket, text)
                return
            except discord.HTTPException as error:
                problem = connection_problem(error)
                log.warning(_("back again: cannot report it to the requester: %s"), problem or error)
                if problem is None or pause_s is None:
                    return
                await self._bot.tasks.sleep(pause_s)

    async def _edit_request(self, ticket: Message, text: str) -> None:
        """Edit the message that requested the restart; post a new one if that message was deleted."""
        channel = self._bot.get_partial_messageable(int(ticket["channel_id"]))
        try:
            await channel.get_partial_message(int(ticket["message_id"])).edit(content=text, view=None)
        except discord.NotFound:
            await channel.send(text)
