"""Dispatching of component interactions. Each gets exactly one answer, whatever happens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from botapp import locale
from botapp.discord_api import language
from botapp.discord_api.answers import send_answer
from botapp.interactions.click_counts import ClickCounts
from botapp.locale import _
from botapp.runtime.context import NEXT_PROCESS_TIMEOUT_S, Continuity
from botapp.runtime.log import describe_error
from botapp.runtime.tasks import NotAccepting, TaskRegistry
from botapp.services.live_message.updater import LiveMessageUpdater
from botapp.ui import custom_ids
from botapp.ui.custom_ids import Step
from botapp.ui.members.components import build_new_message
from botapp.ui.members.panel import Panel

log = logging.getLogger(__name__)

#: serves a step of a member; raises errors that it cannot answer itself
Serve = Callable[[discord.Interaction[Any], Step], Awaitable[None]]

#: too late, already answered, or the message is gone: nothing is wrong with the buttons
_HARMLESS_CODES = (10062, 40060, 10008, 10015, 50027)


class NotAnswered(Exception):
    """A step has changed the shop, but its answer failed. `panel` says what was done."""

    def __init__(self, panel: Panel, reason: Exception) -> None:
        super().__init__(panel.title or panel.text)
        self.panel = panel
        self.reason = reason


class InteractionDispatcher:
    """Runs the steps of members: chooses the language, tracks the work, reports health, answers errors."""

    def __init__(
        self, tasks: TaskRegistry, shopfront: Callable[[], LiveMessageUpdater], serve: Serve, continuity: Continuity
    ) -> None:
        """`serve` runs a step."""
        self.clicks = ClickCounts()
        self._tasks = tasks
        self._continuity = continuity
        self._shopfront = shopfront
        self._serve = serve
        #: how many clicks this process has answered since it serves
        self.answered = 0

    async def serve_live(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        """Answer a click on one of the buttons of the live message."""
        step = custom_ids.parse(custom_id)
        assert step is not None, "the buttons are ours"
        await self.serve(interaction, step)

    async def serve(self, interaction: discord.Interaction[Any], step: Step) -> None:
        """Run a step and report the health of the buttons."""
        began_s = time.monotonic()
        name = f"{custom_ids.PREFIX}{step.name}"
        with locale.speaking(language.interaction_language(interaction)):
            problem = await self._run_step(interaction, step, name)
        self._count(problem, time.monotonic() - began_s)
        self._continuity.finish(interaction.id)
        if problem is None:
            self.answered += 1
            await self._shopfront().buttons.report(True)
        elif _is_harmless(problem):
            log.info(_("%s: not answered, too late or already answered (%s)"), name, problem)
        else:
            await self._shopfront().buttons.report(False, _("cannot answer a click: %s") % describe_error(problem))

    def _count(self, problem: Exception | None, took_s: float) -> None:
        if problem is None:
            self.clicks.add_answered(took_s)
        else:
            self.clicks.add_failed("late" if _is_harmless(problem) else type(problem).__name__)

    async def _run_step(self, interaction: discord.Interaction[Any], step: Step, name: str) -> Exception | None:
        """Run a step; return its error, after answering the member."""
        try:
            with self._tasks.track(f"{name} · {interaction.user}"):
                await self._serve(interaction, step)
        except NotAccepting:
            if self._continuity.is_restarting():
                # this process usually ends meanwhile, and the next one finishes the click
                await asyncio.sleep(NEXT_PROCESS_TIMEOUT_S)
            await self._notify(interaction, Panel(_("🔄 The bot is restarting. Please click again in a moment.")))
        except NotAnswered as error:
            with locale.of_process():
                params = {"step": name, "done": error, "why": describe_error(error.reason)}
                log.warning(_("%(step)s: done (%(done)s), but the answer failed: %(why)s"), params)
            is_answered = await self._notify(interaction, error.panel)
            return None if is_answered else error.reason
        except Exception as error:
            if not _is_harmless(error):
                with locale.of_process():
                    log.exception(_("%s failed"), name)
                await self._notify(interaction, Panel(_("❌ Something went wrong. Please try again later.")))
            return error
        return None

    async def answer_unknown(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        """Answer a click on a button that this version does not have, or on a question that is no longer asked."""
        with locale.speaking(language.interaction_language(interaction)):
            text = _("This button no longer works. Please use the newest message of the shop.")
            if custom_id in custom_ids.ANSWERS:
                text = _("This question is no longer open. Answer the newest one, or give the command again.")
            await self._notify(interaction, Panel(text))

    async def _notify(self, interaction: discord.Interaction[Any], panel: Panel) -> bool:
        """Show a panel that only the member sees, as first or further answer; return whether that was possible."""
        message = build_new_message(panel)
        try:
            await send_answer(interaction, **message, ephemeral=True)
        except discord.HTTPException as error:
            with locale.of_process():
                log.info(_("cannot answer a member: %s"), error)
            return False
        return True


def _is_harmless(error: Exception) -> bool:
    return isinstance(error, discord.HTTPException) and error.code in _HARMLESS_CODES
