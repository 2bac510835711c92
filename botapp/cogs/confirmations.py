"""`Confirmations`: asks an admin before something dangerous, by buttons and by words alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import discord
from discord.ext import commands

from botapp.discord_api import language
from botapp.locale import _, speaking
from botapp.ui.admin import confirmation
from botapp.ui.admin.confirmation import Confirmation, Reply, Stage, SupersededByRestart
from botapp.ui.live.render import Button
from botapp.ui.live.view import ClickView


@dataclass(frozen=True)
class ConfirmationTexts:
    """What a question says."""

    question: str
    yes: Button
    no: Button
    #: what it becomes when it has ended
    ending: Callable[[Stage], str]
    #: what somebody else who clicks is told
    stranger: Callable[[], str]
    #: whether only who gave a slash command sees it; a later life cannot edit such a message
    private: bool = False


@dataclass(eq=False)
class _PendingConfirmation:
    """A question that waits for its answer."""

    dialog: Confirmation
    wording: ConfirmationTexts
    on_yes: Callable[[], None]
    #: None until Discord has said that it is there
    message_id: int | None = None
    decided: asyncio.Event = field(default_factory=asyncio.Event)


class Confirmations(commands.Cog):
    """All questions of this life that wait for their answers."""

    def __init__(self) -> None:
        self._open: list[_PendingConfirmation] = []

    async def ask(
        self,
        ctx: commands.Context[Any],
        wording: ConfirmationTexts,
        *,
        is_superseded: Callable[[], bool] = lambda: False,
        on_yes: Callable[[], None] = lambda: None,
    ) -> tuple[Stage, discord.Message]:
        """Ask whoever gave the command; return how that ended, and the question's message, which says so by then.

        Args:
            ctx: of the command.
            wording: what is said.
            is_superseded: whether a restart has begun while the question was sent.
            on_yes: called at once when the answer is yes, before anything else can happen.
        """
        view = ClickView((wording.yes, wording.no), self._clicked)
        dialog = Confirmation(ctx.author.id, ctx.channel.id, time.monotonic() + confirmation.ANSWER_WITHIN_S)
        question = _PendingConfirmation(dialog, wording, on_yes)
        # before it is sent: an answer may arrive sooner than Discord's word that the question is there
        self._open.append(question)
        try:
            message = await ctx.reply(wording.question, view=view, ephemeral=wording.private)
            question.message_id = message.id
            if is_superseded():
                self._step(question, SupersededByRestart())
            await self._wait_for_decision(question)
        finally:
            self._open.remove(question)
            view.stop()
        stage = question.dialog.stage
        await message.edit(content=wording.ending(stage), view=None)
        return stage, message

    def is_waiting(self, message_id: int) -> bool:
        """Tell whether a message is a question that still waits for its answer."""
        return self._find(message_id) is not None

    def supersede_all(self) -> None:
        """A restart begins: close all questions that still wait."""
        for question in self._open:
            self._step(question, SupersededByRestart())

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """An answer may have been written; of several questions it is to the newest."""
        for question in reversed(self._open):
            if self._step(question, Reply(message.author.id, message.channel.id, message.content)):
                break

    async def _clicked(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        question = self._find(interaction.message.id) if interaction.message else None
        if question is None:
            await interaction.response.defer()
        elif interaction.user.id != question.dialog.user_id:
            with speaking(language.interaction_language(interaction)):
                await interaction.response.send_message(question.wording.stranger(), ephemeral=True)
        else:
            await interaction.response.defer()
            answer = "yes" if custom_id == question.wording.yes.custom_id else "no"
            self._step(question, Reply(interaction.user.id, question.dialog.channel_id, answer))

    async def _wait_for_decision(self, question: _PendingConfirmation) -> None:
        try:
            await asyncio.wait_for(question.decided.wait(), confirmation.ANSWER_WITHIN_S)
        except TimeoutError:
            self._step(question, None)

    def _find(self, message_id: int) -> _PendingConfirmation | None:
        return next((one for one in self._open if one.message_id == message_id), None)

    def _step(self, question: _PendingConfirmation, event: Reply | SupersededByRestart | None) -> bool:
        """Let something happen to a question; return whether that has ended it."""
        if question.dialog.stage is not Stage.ASKING:
            return False
        question.dialog = confirmation.step(question.dialog, event, time.monotonic())
        if question.dialog.stage is Stage.ASKING:
            return False
        question.decided.set()
        if question.dialog.stage is Stage.CONFIRMED:
            question.on_yes()
        return True


def confirmation_texts(what: str, yes: str) -> ConfirmationTexts:
    """Return how it is asked before something that cannot be taken back.

    Args:
        what: the question, such as "Delete `STEAM10`?"
        yes: the label of the button that agrees.
    """
    return ConfirmationTexts(
        confirmation.question(what),
        Button("stocksup:v1:confirm:yes", yes, "⚠️", style=4),
        Button("stocksup:v1:confirm:no", _("No"), "✖️"),
        confirmation.ending,
        lambda: _("Only the admin who gave the command can answer."),
        private=True,
    )
