"""`AdminCog`: `!restart`, and the clean-up that every drain runs."""

from __future__ import annotations

import asyncio
import importlib
import linecache
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import discord
from discord.ext import commands

from botapp import restart_dialog
from botapp.locale import N_, _
from botapp.restart_dialog import Dialog, Overtaken, Said, Stage
from botapp.ui.live_view import ClickView
from botapp.ui.render import Button
from supervisor.client import DoorError

if TYPE_CHECKING:
    from botapp.bot import ShopBot

log = logging.getLogger(__name__)

YES_ID: Final = "stocksup:v1:restart:yes"
NO_ID: Final = "stocksup:v1:restart:no"
#: longest reason that is passed on, in characters
MAX_REASON_CHARS: Final = 200


@dataclass
class CleanUp:
    """What a clean-up came to."""

    #: by step: None when it was done, else what went wrong
    steps: dict[str, str | None] = field(default_factory=dict)
    drained: tuple[str, ...] = ()
    cut_off: tuple[str, ...] = ()
    #: cache entries that were emptied; None when that failed
    flushed_entries: int | None = None


class StepFailed(Exception):
    """A step of the clean-up could not be done; the message says why."""


@dataclass(eq=False)
class _Open:
    """A question that waits for its answer."""

    dialog: Dialog
    message: discord.Message
    decided: asyncio.Event = field(default_factory=asyncio.Event)


class AdminCog(commands.Cog):
    """Commands for admins."""

    def __init__(self, bot: ShopBot) -> None:
        self.bot = bot
        self._open: dict[int, _Open] = {}
        #: who has asked for the restart under way
        self._under_way: str | None = None

    # --- !restart ---

    @commands.hybrid_command(name="restart")  # type: ignore[arg-type]  # mypy infers Never
    async def restart(self, ctx: commands.Context[ShopBot], *, reason: str = "") -> None:
        """Give the bot a new life, after a question."""
        by = f"{ctx.author} ({ctx.author.id})"
        if not self.bot.is_admin(ctx.author):
            log.warning(_("%s asked for a restart and is no admin: refused"), by)
            await ctx.reply(_("⛔ Only admins may restart the bot."), ephemeral=True)
        elif self.bot.link is None:
            await ctx.reply(
                _("⚠️ No supervisor runs this bot, so nothing was restarted. Start it with `stocksup start`.")
            )
        elif not self.bot.link.connected:
            await ctx.reply(_("⚠️ The supervisor does not answer, so nothing was restarted. Run `stocksup start`."))
        elif self._under_way is not None or self.bot.background.draining:
            await ctx.reply(restart_dialog.under_way(self._under_way or _("the operator")))
        else:
            message = await self._ask(ctx)
            if message is not None:
                await self._restart(message, by, reason[:MAX_REASON_CHARS] or f"{ctx.prefix}restart")

    def has_question(self, message_id: int) -> bool:
        """Tell whether a message is a question that still waits for its answer."""
        return message_id in self._open

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """An answer may have been written; of several questions it is to the newest."""
        for question in reversed(list(self._open.values())):
            self._step(question, Said(message.author.id, message.channel.id, message.content))

    def overtake(self) -> None:
        """A restart begins: close all questions that still wait."""
        for question in list(self._open.values()):
            if question.dialog.stage is Stage.ASKING:
                self._step(question, Overtaken())

    async def _ask(self, ctx: commands.Context[ShopBot]) -> discord.Message | None:
        """Ask for confirmation; return the question's message when it was given, else None, and say so."""
        view = ClickView((Button(YES_ID, _("Yes"), "🔄", style=4), Button(NO_ID, _("No"), "✖️")), self._clicked)
        message = await ctx.reply(restart_dialog.question(), view=view)
        dialog = Dialog(ctx.author.id, ctx.channel.id, time.monotonic() + restart_dialog.ANSWER_WITHIN_S)
        question = self._open[message.id] = _Open(dialog, message)
        if self._under_way is not None:
            self._step(question, Overtaken())
        try:
            await asyncio.wait_for(question.decided.wait(), restart_dialog.ANSWER_WITHIN_S)
        except TimeoutError:
            self._step(question, None)
        finally:
            del self._open[message.id]
            view.stop()
        stage = question.dialog.stage
        if stage is Stage.CONFIRMED:
            self._under_way = f"{ctx.author} ({ctx.author.id})"
        await message.edit(content=restart_dialog.ending(stage), view=None)
        return message if stage is Stage.CONFIRMED else None

    async def _clicked(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        question = self._open.get(interaction.message.id) if interaction.message else None
        if question is None:
            await interaction.response.defer()
        elif interaction.user.id != question.dialog.user_id:
            text = _("Only the one who asked for the restart can answer.")
            await interaction.response.send_message(text, ephemeral=True)
        else:
            await interaction.response.defer()
            answer = "yes" if custom_id == YES_ID else "no"
            self._step(question, Said(interaction.user.id, question.dialog.channel_id, answer))

    def _step(self, question: _Open, event: Said | Overtaken | None) -> None:
        question.dialog = restart_dialog.step(question.dialog, event, time.monotonic())
        if question.dialog.stage is not Stage.ASKING:
            question.decided.set()
        if question.dialog.stage is Stage.CONFIRMED:
            self.overtake()

    async def _restart(self, message: discord.Message, by: str, reason: str) -> None:
        """Ask the supervisor. If all goes well, it is the next life that goes on from here."""
        link = self.bot.link
        assert link is not None
        ticket = {
            "channel_id": message.channel.id,
            "message_id": message.id,
            "language": self.bot.settings.language,
            "asked_at": time.time(),
            "asked_by": by,
        }
        log.info(_("%s asks for a restart: %s"), by, reason)
        program = link.surroundings.program
        try:
            await link.request("restart", program=program, reason=reason, by=by, ticket=ticket, wait=True)
        except DoorError as error:
            if self.bot.ending:
                return
            log.warning(_("restart refused: %s"), error.message)
            await message.edit(content=restart_dialog.failed(error.code, error.message))
        finally:
            self._under_way = None

    # --- the clean-up ---

    async def _cleanup_before_restart(self, deadline_s: float = 30.0) -> CleanUp:
        """Clean up before this life ends; background work gets up to `deadline_s` seconds.

        Each step stands on its own: one that fails is logged and reported, and the next is done.
        """
        began_s = time.monotonic()
        log.info(_("🧹 Cleaning up before restart..."))
        result = CleanUp()

        async def stop_background_tasks() -> None:
            await self._stop_background_tasks(result, deadline_s - (time.monotonic() - began_s))

        async def empty_cache() -> None:
            result.flushed_entries = await self._empty_cache()

        policy = self.bot.settings.cache.flush_on_restart
        cache_done = N_("✅ Cache kept, as the settings say") if policy == "none" else N_("✅ Cache system cleaned")
        await self._clean(result, "cache", empty_cache, cache_done, N_("❌ Cache system not cleaned: %s"))
        await self._clean(
            result,
            "livestock",
            self._reset_livestock,
            N_("✅ Live stock state cleaned"),
            N_("❌ Live stock state not cleaned: %s"),
        )
        await self._clean(
            result,
            "buttons",
            self._reset_buttons,
            N_("✅ Button state cleaned"),
            N_("❌ Button state not cleaned: %s"),
        )
        await self._clean(
            result,
            "background",
            stop_background_tasks,
            N_("✅ Background tasks stopped"),
            N_("❌ Background tasks not stopped: %s"),
        )
        await self._clean(result, "extensions", _forget_imports, None, N_("❌ Extension cache not cleaned: %s"))
        failed = [name for name, problem in result.steps.items() if problem is not None]
        if failed:
            log.error(_("⚠️ Clean-up before restart ended, but not everything was done: %s"), ", ".join(failed))
        else:
            log.info(_("🎉 Clean-up before restart finished"))
        return result

    async def _clean(
        self, result: CleanUp, name: str, work: Callable[[], Awaitable[None]], done: str | None, failed: str
    ) -> None:
        """Do one step and say what became of it."""
        try:
            await work()
        except Exception as error:
            result.steps[name] = f"{type(error).__name__}: {error}"
            log.exception(_(failed), result.steps[name])
            return
        result.steps[name] = None
        if done is not None:
            log.info(_(done))

    async def _empty_cache(self) -> int:
        cache = self.bot.cache
        # sealed first: what a late task still writes would come after the emptying
        cache.seal()
        policy = self.bot.settings.cache.flush_on_restart
        removed = 0
        if policy == "all":
            removed = await cache.clear()
        elif policy == "temporary":
            removed = await cache.clear_temporary()
        elif policy == "expired":
            removed = await cache.clear_expired()
        if (problem := cache.get_stats()["problem"]) is not None:
            raise StepFailed(str(problem))
        return removed

    async def _reset_livestock(self) -> None:
        self.bot.shopfront.reset()

    async def _reset_buttons(self) -> None:
        self.overtake()
        self.bot.shopfront.buttons.reset()

    async def _stop_background_tasks(self, result: CleanUp, deadline_s: float) -> None:
        drained = await self.bot.background.drain(deadline_s)
        result.drained, result.cut_off = drained.finished, drained.cut_off
        if drained.cut_off:
            log.warning(_("⚠️ Cut off at the deadline: %s"), ", ".join(drained.cut_off))
        if drained.deaf:
            raise StepFailed(", ".join(drained.deaf))


async def _forget_imports() -> None:
    """Forget where modules were found and what their lines were: they may have been edited."""
    importlib.invalidate_caches()
    linecache.clearcache()
