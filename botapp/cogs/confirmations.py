"""`Confirmations`: asks an admin to confirm, by button or by text.

A question lives in memory. When its process is killed, the command is executed again by the next process, which asks
again; an answer to the earlier question, also one that comes late, does nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import discord
from discord.ext import commands

from botapp.discord_api import language
from botapp.discord_api.http_calls import replayed_application
from botapp.locale import _, speaking
from botapp.ui import custom_ids
from botapp.ui.admin import confirmation
from botapp.ui.admin.confirmation import Confirmation, Reply, Stage, SupersededByRestart
from botapp.ui.live.render import Button
from botapp.ui.live.view import ClickView

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConfirmationTexts:
    """The texts of a confirmation."""

    question: str
    yes: Button
    no: Button
    #: returns the text that replaces the question at its end
    ending: Callable[[Stage], str]
    #: returns the answer to a click of another user
    other_user_answer: Callable[[], str]
    #: whether only the author of a slash command sees it; the next process cannot edit such a message
    private: bool = False


@dataclass(eq=False)
class _PendingConfirmation:
    """A question that is waiting for its answer."""

    dialog: Confirmation
    texts: ConfirmationTexts
    on_yes: Callable[[], None]
    #: whether an earlier process has asked it too
    is_repeated: bool
    #: None until Discord has confirmed the message
    message_id: int | None = None
    decided: asyncio.Event = field(default_factory=asyncio.Event)

    def precedes(self, message_id: int) -> bool:
        """Return whether a message can answer the question: one that is older answers that of an earlier process."""
        if self.message_id is None:
            return not self.is_repeated
        return message_id > self.message_id


class Confirmations(commands.Cog):
    """The pending confirmations of this process."""

    def __init__(self) -> None:
        self._open: list[_PendingConfirmation] = []

    async def ask(
        self,
        ctx: commands.Context[Any],
        texts: ConfirmationTexts,
        *,
        is_superseded: Callable[[], bool] = lambda: False,
        on_yes: Callable[[], None] = lambda: None,
    ) -> tuple[Stage, discord.Message]:
        """Ask the author of the command; return the outcome and the message of the question.

        Args:
            ctx: context of the command.
            texts: the texts of the confirmation.
            is_superseded: returns whether a restart began while the question was being sent.
            on_yes: called at once when the answer is yes, before any other task can run.
        """
        view = ClickView((texts.yes, texts.no), self._clicked)
        dialog = Confirmation(ctx.author.id, ctx.channel.id, time.monotonic() + confirmation.ANSWER_WITHIN_S)
        question = _PendingConfirmation(dialog, texts, on_yes, replayed_application.get() is not None)
        # before it is sent: an answer may arrive before the response of Discord
        self._open.append(question)
        try:
            message = await ctx.reply(texts.question, view=view, ephemeral=texts.private)
            question.message_id = message.id
            if is_superseded():
                self._step(question, SupersededByRestart())
            await self._wait_for_decision(question)
        finally:
            self._open.remove(question)
            view.stop()
        stage = question.dialog.stage
        try:
            await message.edit(content=texts.ending(stage), view=None)
        except discord.HTTPException as error:
            # the answer was given: what it decides does not depend on this text
            log.warning(_("confirmation: cannot show the end of a question: %s"), error)
        return stage, message

    def is_waiting(self, message_id: int) -> bool:
        """Return whether a message is a pending question."""
        return self._find(message_id) is not None

    def supersede_all(self) -> None:
        """Close all pending questions because a restart begins."""
        for question in self._open:
            self._step(question, SupersededByRestart())

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Take a message as the answer to the newest question that it fits."""
        for question in reversed(self._open):
            reply = Reply(message.author.id, message.channel.id, message.content)
            if question.precedes(message.id) and self._step(question, reply):
                break

    async def _clicked(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        question = self._find(interaction.message.id) if interaction.message else None
        if question is None:
            await interaction.response.defer()
        elif interaction.user.id != question.dialog.user_id:
            with speaking(language.interaction_language(interaction)):
                await interaction.response.send_message(question.texts.other_user_answer(), ephemeral=True)
        else:
            await interaction.response.defer()
            answer = "yes" if custom_id == question.texts.yes.custom_id else "no"
            self._step(question, Reply(interaction.user.id, question.dialog.channel_id, answer))

    async def _wait_for_decision(self, question: _PendingConfirmation) -> None:
        try:
            await asyncio.wait_for(question.decided.wait(), confirmation.ANSWER_WITHIN_S)
        except TimeoutError:
            self._step(question, None)

    def _find(self, message_id: int) -> _PendingConfirmation | None:
        return next((question for question in self._open if question.message_id == message_id), None)

    def _step(self, question: _PendingConfirmation, event: Reply | SupersededByRestart | None) -> bool:
        """Apply an event to a question; return whether that has ended it."""
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
    """Return the texts of a confirmation before a destructive action.

    Args:
        what: the question, such as "Delete `STEAM10`?"
        yes: the label of the confirming button.
    """
    return ConfirmationTexts(
        confirmation.question(what),
        Button(custom_ids.CONFIRM_YES, yes, "⚠️", style=4),
        Button(custom_ids.CONFIRM_NO, _("No"), "✖️"),
        confirmation.ending,
        lambda: _("Only the admin who gave the command can answer."),
        private=True,
    )
