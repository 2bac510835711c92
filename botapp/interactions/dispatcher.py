"""Answers to whatever members click, choose or fill in. Each gets one, also one that comes at a bad moment."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from botapp import locale
from botapp.discord_api import language
from botapp.locale import _
from botapp.runtime.log import describe_error
from botapp.runtime.tasks import NotAccepting, TaskRegistry
from botapp.services.live_message.updater import LiveMessageUpdater
from botapp.ui import custom_ids
from botapp.ui.custom_ids import Step

log = logging.getLogger(__name__)

#: does a step of a member; what it cannot answer itself it raises
Serve = Callable[[discord.Interaction[Any], Step], Awaitable[None]]

#: answered too late, or answered already, or the message to be answered is gone: nothing is wrong with the buttons
_HARMLESS_CODES = (10062, 40060, 10008, 10015, 50027)


class InteractionDispatcher:
    """Stands between Discord and what the shop does: language, drain, health, and an answer whatever happens."""

    def __init__(self, tasks: TaskRegistry, shopfront: Callable[[], LiveMessageUpdater], serve: Serve) -> None:
        """`serve` does what a step asks for."""
        self._tasks = tasks
        self._shopfront = shopfront
        self._serve = serve

    async def serve_live(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        """Answer a click on one of the buttons of the live message."""
        step = custom_ids.parse(custom_id)
        assert step is not None, "the buttons are ours"
        await self.serve(interaction, step)

    async def serve(self, interaction: discord.Interaction[Any], step: Step) -> None:
        """Answer whatever a member did."""
        name = f"{custom_ids.PREFIX}{step.name}"
        with locale.speaking(language.interaction_language(interaction)):
            problem = await self._run_step(interaction, step, name)
        if problem is None:
            await self._shopfront().buttons.report(True)
        elif _is_harmless(problem):
            log.info(_("%s: not answered, too late or already answered (%s)"), name, problem)
        else:
            await self._shopfront().buttons.report(False, _("cannot answer a click: %s") % describe_error(problem))

    async def _run_step(self, interaction: discord.Interaction[Any], step: Step, name: str) -> Exception | None:
        """Serve a step; return what went wrong, which the member has been told."""
        try:
            with self._tasks.track(f"{name} · {interaction.user}"):
                await self._serve(interaction, step)
        except NotAccepting:
            await self._notify(interaction, _("🔄 The bot is restarting. Please click again in a moment."))
        except Exception as error:
            if not _is_harmless(error):
                with locale.of_process():
                    log.exception(_("%s failed"), name)
                await self._notify(interaction, _("❌ Something went wrong. Please try again later."))
            return error
        return None

    async def answer_unknown(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a click on a button that this version does not have."""
        with locale.speaking(language.interaction_language(interaction)):
            await self._notify(
                interaction, _("This button no longer works. Please use the newest message of the shop.")
            )

    async def _notify(self, interaction: discord.Interaction[Any], text: str) -> None:
        """Say something to the member alone, whether or not something was answered before."""
        try:
            if interaction.response.is_done():
                await interaction.followup.send(text, ephemeral=True)
            else:
                await interaction.response.send_message(text, ephemeral=True)
        except discord.HTTPException as error:
            with locale.of_process():
                log.info(_("cannot answer a member: %s"), error)


def _is_harmless(error: Exception) -> bool:
    return isinstance(error, discord.HTTPException) and error.code in _HARMLESS_CODES
