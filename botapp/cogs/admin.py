"""`AdminCog`: `!restart`, and the clean-up of every drain."""

from __future__ import annotations

import importlib
import linecache
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import discord
from discord.ext import commands

from botapp.cogs.confirmations import Confirmations, ConfirmationTexts
from botapp.discord_api import slash_commands as slash
from botapp.locale import N_, _
from botapp.ui import custom_ids
from botapp.ui.admin import restart_dialog
from botapp.ui.admin.confirmation import Stage
from botapp.ui.live.render import Button
from supervisor.client import ControlError

if TYPE_CHECKING:
    from botapp.cogs.context import CogBot
    from botapp.config.settings import FlushPolicy

log = logging.getLogger(__name__)

#: longest reason, in characters
MAX_REASON_CHARS: Final = 200
#: how long a hand-over waits for background work, which goes on if it takes longer, in seconds
QUIESCE_TIMEOUT_S: Final = 2.0


@dataclass
class CleanupResult:
    """The result of a clean-up."""

    #: by step: the error, or None
    steps: dict[str, str | None] = field(default_factory=dict)
    drained: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    #: removed cache entries; None if that failed
    flushed_entries: int | None = None


class CleanupStepFailed(Exception):
    """A step of the clean-up failed; the message says why."""


class AdminCog(commands.Cog):
    """The restart command and the clean-up."""

    def __init__(self, bot: CogBot, confirmations: Confirmations) -> None:
        self.bot = bot
        self._confirmations = confirmations
        #: requester of the restart in progress
        self._requested_by: str | None = None
        #: flush policy of the clean-up; None for the one of the settings
        self.flush: FlushPolicy | None = None

    # --- !restart ---

    @commands.hybrid_command(  # type: ignore[arg-type]  # mypy infers Never
        name="restart",
        **slash.command_attributes(
            N_("Restart the bot (asks for confirmation)"), "new prices", reason=N_("The reason, for the history")
        ),
    )
    async def restart(self, ctx: commands.Context[commands.Bot], *, reason: str = "") -> None:
        """Restart the bot after a confirmation."""
        by = f"{ctx.author} ({ctx.author.id})"
        if not self.bot.is_admin(ctx.author):
            log.warning(_("restart refused: %s is not an admin"), by)
            await ctx.reply(_("⛔ Only admins may restart the bot."), ephemeral=True)
        elif self.bot.link is None:
            await ctx.reply(
                _("⚠️ This bot runs without a supervisor, so it was not restarted. Start it with `stocksup start`.")
            )
        elif not self.bot.link.is_connected:
            await ctx.reply(
                _("⚠️ The supervisor is not responding, so the bot was not restarted. Run `stocksup start`.")
            )
        elif self._requested_by is not None or self.bot.tasks.is_quiesced:
            await ctx.reply(restart_dialog.already_restarting(self._requested_by or _("the operator")))
        else:
            message = await self._ask_to_confirm(ctx)
            if message is not None:
                await self._restart(message, by, reason[:MAX_REASON_CHARS] or f"{ctx.prefix}restart")

    async def _ask_to_confirm(self, ctx: commands.Context[commands.Bot]) -> discord.Message | None:
        """Ask for confirmation; return the message of the question, or None if it was not confirmed."""
        wording = ConfirmationTexts(
            restart_dialog.question(),
            Button(custom_ids.RESTART_YES, _("Yes"), "🔄", style=4),
            Button(custom_ids.RESTART_NO, _("No"), "✖️"),
            restart_dialog.ending,
            lambda: _("Only the admin who asked for the restart can answer."),
        )

        begun = False

        def begin() -> None:
            nonlocal begun
            begun = True
            self._requested_by = f"{ctx.author} ({ctx.author.id})"
            self._confirmations.supersede_all()

        try:
            stage, message = await self._confirmations.ask(
                ctx, wording, is_superseded=lambda: self._requested_by is not None, on_yes=begin
            )
        except BaseException:
            if begun:  # confirmed, but Discord did not confirm that it has the question: do not restart
                self._requested_by = None
            raise
        return message if stage is Stage.CONFIRMED else None

    async def _restart(self, message: discord.Message, by: str, reason: str) -> None:
        """Request the restart from the supervisor. On success the next process answers."""
        link = self.bot.link
        assert link is not None
        ticket = {
            "channel_id": message.channel.id,
            "message_id": message.id,
            "language": self.bot.settings.language,
            "asked_at": time.time(),
            "asked_by": by,
        }
        log.info(_("restart requested by %s: %s"), by, reason)
        program = link.environment.program
        try:
            await link.request("restart", program=program, reason=reason, requested_by=by, ticket=ticket, wait=True)
        except ControlError as error:
            if self.bot.is_ending or (error.code == "closed" and self.bot.tasks.is_quiesced):
                return  # the next process answers
            log.warning(_("restart refused: %s"), error.message)
            await message.edit(content=restart_dialog.restart_failed(error.code, error.message))
        finally:
            self._requested_by = None

    # --- the clean-up ---

    async def _cleanup_before_restart(
        self, deadline_s: float = 30.0, *, stopping: bool = False, handing_over: bool = False
    ) -> CleanupResult:
        """Clean up before this process ends. A step that fails is logged and reported, and the next step follows.

        Args:
            deadline_s: time for background work, in seconds.
            stopping: whether no restart follows; the log then says so.
            handing_over: whether another process takes over: members are served meanwhile, and their work goes on.
        """
        began_s = time.monotonic()
        log.info(_("🧹 Cleaning up before stopping...") if stopping else _("🧹 Cleaning up before restart..."))
        result = CleanupResult()

        async def stop_background_tasks() -> None:
            await self._stop_background_tasks(result, deadline_s - (time.monotonic() - began_s), handing_over)

        async def empty_cache() -> None:
            result.flushed_entries = await self._empty_cache()

        cache_done = N_("✅ Cache kept, as configured") if self._policy() == "none" else N_("✅ Cache system cleaned")
        await self._run_step(result, "cache", empty_cache, cache_done, N_("❌ Cache system not cleaned: %s"))
        await self._run_step(
            result,
            "livestock",
            self._reset_livestock,
            N_("✅ Stock state cleaned"),
            N_("❌ Stock state not cleaned: %s"),
        )
        await self._run_step(
            result,
            "buttons",
            self._reset_buttons,
            N_("✅ Button state cleaned"),
            N_("❌ Button state not cleaned: %s"),
        )
        await self._run_step(
            result,
            "background",
            stop_background_tasks,
            N_("✅ Background tasks stopped"),
            N_("❌ Background tasks not stopped: %s"),
        )
        await self._run_step(result, "extensions", _clear_import_caches, None, N_("❌ Extension cache not cleaned: %s"))
        _log_end(result, stopping=stopping)
        return result

    async def _run_step(
        self, result: CleanupResult, name: str, work: Callable[[], Awaitable[None]], done: str | None, failed: str
    ) -> None:
        """Run one step and log its outcome."""
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
        removed = await self.bot.cache.flush(self._policy())
        if removed is None:
            raise CleanupStepFailed(str(self.bot.cache.health()["last_error"]))
        return removed

    def _policy(self) -> FlushPolicy:
        return self.flush or self.bot.settings.cache.flush_on_restart

    async def _reset_livestock(self) -> None:
        self.bot.live_updater.reset()

    async def _reset_buttons(self) -> None:
        self._confirmations.supersede_all()
        self.bot.live_updater.buttons.reset()

    async def _stop_background_tasks(self, result: CleanupResult, deadline_s: float, handing_over: bool) -> None:
        if handing_over:
            result.drained = (await self.bot.tasks.quiesce(min(deadline_s, QUIESCE_TIMEOUT_S))).finished
            return
        drained = await self.bot.tasks.drain(deadline_s)
        result.drained, result.cancelled = drained.finished, drained.cancelled
        if drained.cancelled:
            log.warning(_("⚠️ Cancelled at the deadline: %s"), ", ".join(drained.cancelled))
        if drained.unresponsive:
            raise CleanupStepFailed(", ".join(drained.unresponsive))


def _log_end(result: CleanupResult, *, stopping: bool) -> None:
    failed = ", ".join(name for name, problem in result.steps.items() if problem is not None)
    if failed and stopping:
        log.error(_("⚠️ Clean-up before stopping ended, but these steps failed: %s"), failed)
    elif failed:
        log.error(_("⚠️ Clean-up before restart ended, but these steps failed: %s"), failed)
    else:
        finished = _("🎉 Clean-up before restart finished")
        log.info(_("🎉 Clean-up before stopping finished") if stopping else finished)


async def _clear_import_caches() -> None:
    """Clear the caches of module locations and source lines: the files may have been edited."""
    importlib.invalidate_caches()
    linecache.clearcache()
