"""What all admin commands share: permission check, language, confirmation, and replies to errors and refusals."""

from __future__ import annotations

import asyncio
import functools
import logging
import typing
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Final, ParamSpec, TypeVar

import discord
from discord.ext import commands

from botapp.cogs.confirmations import ConfirmationTexts, confirmation_texts
from botapp.discord_api import language
from botapp.discord_api import slash_commands as slash
from botapp.discord_api.answers import acknowledge
from botapp.discord_api.command_errors import reply_command_failed
from botapp.discord_api.http_calls import replayed_application
from botapp.locale import N_, _, speaking
from botapp.runtime.context import NEXT_PROCESS_TIMEOUT_S
from botapp.runtime.tasks import NotAccepting
from botapp.store.db.errors import OutcomeUnknown, Unavailable
from botapp.store.domain import money
from botapp.store.domain.money import InvalidAmount
from botapp.store.domain.refusals import Refused
from botapp.store.usecases import admin_log
from botapp.ui.admin.confirmation import Stage
from botapp.ui.admin.help import CommandUsage, split_pages, usage_error

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from botapp.cogs.context import CogBot, CogShop

log = logging.getLogger(__name__)

Ctx = commands.Context[commands.Bot]
P = ParamSpec("P")
T = TypeVar("T")
CogT = TypeVar("CogT", bound="ShopCog")

#: rows of a list that are shown by default, and at most
DEFAULT_ROWS: Final = 10
MAX_ROWS: Final = 50
#: the heading in the help of commands about the bot itself
SYSTEM: Final = N_("System")

#: whether the command that this task runs has changed the shop
_has_changed: ContextVar[bool] = ContextVar("has_changed", default=False)

Callback = Callable[Concatenate[CogT, Ctx, P], Coroutine[Any, Any, None]]


class NotAnAdmin(commands.CheckFailure):
    """The author of an admin command is not an admin."""


class InvalidCommand(commands.UserInputError):
    """A command was used wrongly; the message says what is wrong."""


class ShopCog(commands.Cog):
    """Commands that only admins may give."""

    #: their heading in the help, marked for translation
    title: ClassVar[str] = SYSTEM

    def __init__(self, bot: CogBot, shop: CogShop) -> None:
        self.bot = bot
        self.shop = shop

    def finish_unfinished(self) -> None:
        """Finish what earlier processes have begun. Called when none of them works on it any more."""

    async def cog_check(self, ctx: commands.Context[Any]) -> bool:
        """Let admins pass. Raises NotAnAdmin."""
        if not self.bot.is_admin(ctx.author):
            raise NotAnAdmin
        return True

    async def cog_command_error(self, ctx: commands.Context[Any], error: Exception) -> None:
        """Reply to an author who is not an admin, or who used the command wrongly."""
        with speaking(language.context_language(ctx)):
            if isinstance(error, NotAnAdmin):
                who = f"{ctx.author} ({ctx.author.id})"
                text = _("%(command)s refused: %(who)s is not an admin")
                log.warning(text, {"who": who, "command": ctx.command})
                await self.say(ctx, _("⛔ Only admins may use this command."))
            elif isinstance(error, commands.UserInputError):
                await self.reply_usage_error(ctx, f"❌ {_usage_problem(error)}")
            else:
                self.bot.finish(ctx.message.id)  # as in `_say_try_again`
                await reply_command_failed(ctx, error)

    async def say(self, ctx: Ctx, text: str, *, file: discord.File | None = None) -> discord.Message | None:
        """Reply, by direct message if the bot may not write here. Return the last message, or None if none was sent."""
        pages = list(split_pages(text.split("\n"))) or [""]
        message: discord.Message | None = None
        for page in pages:
            attached: dict[str, Any] = {"file": file} if file is not None and page is pages[-1] else {}
            if ctx.interaction is None:
                # the command may have been deleted meanwhile
                attached["reference"] = ctx.message.to_reference(fail_if_not_exists=False)
            try:
                message = await ctx.send(page, ephemeral=True, **attached)
            except discord.Forbidden:
                message = await self._send_direct_message(ctx, page)
        return message

    async def reply_usage_error(self, ctx: Ctx, problem: str) -> None:
        """Reply what is wrong with the command, and how to use it."""
        assert ctx.command is not None, "a command is being answered"
        await self.say(ctx, usage_error(command_usages(ctx.command), self.bot.settings.bot.prefix, problem))

    async def confirm(self, ctx: Ctx, what: str, yes: str) -> bool:
        """Ask before a dangerous action; return whether the answer was yes. See `confirmation_texts`."""
        wording: ConfirmationTexts = confirmation_texts(what, yes)
        stage, _message = await self.bot.confirmations.ask(
            ctx, wording, is_superseded=lambda: self.bot.tasks.is_quiesced
        )
        return stage is Stage.CONFIRMED

    async def run_and_record(
        self,
        ctx: Ctx,
        detail: str | Callable[[T], str | None],
        use_case: Callable[Concatenate[Connection, P], T],
        /,
        *arguments: P.args,
        **keywords: P.kwargs,
    ) -> T:
        """Run `use_case` and record it in the admin log, in one transaction.

        Raises AlreadyDone if the command was executed before, Unavailable, and what `use_case` raises.

        Args:
            ctx: of the command.
            detail: the text of the record, or a function that returns it from the result; None records nothing.
            use_case: as `Shop.run` takes it; its arguments follow.
        """

        def work(connection: Connection) -> T:
            return use_case(connection, *arguments, **keywords)

        result = await self.shop.run(admin_log.run_and_record, self.log_entry(ctx), detail, work)
        self.mark_changed()
        return result

    async def record(self, ctx: Ctx, detail: str) -> None:
        """Record in the admin log what was done outside the database. Raises as `run_and_record` does.

        What is done there comes first, and must be the same if it is done again: a process may be killed in between.
        """
        self.mark_changed()
        await self.run_and_record(ctx, detail, _change_nothing)

    def log_entry(self, ctx: Ctx) -> admin_log.AdminLogEntry:
        """Return who gives the command, and by which message or interaction: the id of that makes it unique."""
        # discord.py gives the message of a slash command the id of its interaction
        return admin_log.AdminLogEntry(str(ctx.author.id), str(ctx.command), self.shop.now_ms(), ctx.message.id)

    @staticmethod
    def is_repeated() -> bool:
        """Return whether the command that this task runs was begun by an earlier process."""
        return replayed_application.get() is not None

    async def require_new(self, ctx: Ctx) -> None:
        """Raise AlreadyDone if the command was executed before. Without the database, its transaction decides."""
        try:
            await self.shop.read(admin_log.require_new, ctx.message.id)
        except Unavailable as problem:
            text = _("%(command)s: cannot look up whether it was done before: %(problem)s")
            log.info(text, {"command": ctx.command, "problem": problem})

    def mark_changed(self) -> None:
        """Record that this command has changed the shop: whatever fails from now on, it is not to be repeated."""
        _has_changed.set(True)

    def parse_amount(self, text: str) -> int:
        """Parse an amount in the shop's currency. Raises InvalidAmount."""
        return money.parse_amount(text, self.shop.units)

    async def _send_direct_message(self, ctx: Ctx, text: str) -> discord.Message | None:
        try:
            return await ctx.author.send(text)
        except discord.Forbidden:
            log.warning(_("cannot answer %(who)s: %(text)s"), {"who": ctx.author, "text": ctx.command})
            return None


def admin_command(
    name: str,
    about: str,
    example: str = "",
    /,
    *,
    parent: commands.HybridGroup[Any, ..., Any] | None = None,
    **options: str,
) -> Callable[[Callback[CogT, P]], commands.HybridCommand[Any, ..., None]]:
    """Return a decorator that makes a method a command, with prefix and as slash command.

    Args:
        name: the name of the command.
        about: what it does, marked for translation; at most 100 characters in any language.
        example: what can follow the name, as it is typed.
        parent: the group of the command.
        options: what each parameter means, marked for translation.
    """

    def decorate(callback: Callback[CogT, P]) -> commands.HybridCommand[Any, ..., None]:
        @functools.wraps(callback)
        async def run(self: CogT, ctx: Ctx, *arguments: P.args, **keywords: P.kwargs) -> None:
            with speaking(language.context_language(ctx)):
                try:
                    with self.bot.tasks.track(f"{name} · {ctx.author}"):
                        # Discord waits three seconds for an answer, and the command may take longer
                        if await acknowledge(ctx):
                            work = functools.partial(callback, self, ctx, *arguments, **keywords)
                            await _run_command(self, ctx, work)
                except NotAccepting:
                    if self.bot.is_restarting():
                        # this process usually ends meanwhile, and the next one carries the command out
                        await asyncio.sleep(NEXT_PROCESS_TIMEOUT_S)
                    await _say_try_again(self, ctx, _("🔄 The bot is restarting. Please try again in a moment."))

        make: Any = commands.hybrid_command if parent is None else parent.command
        command: commands.HybridCommand[Any, ..., None] = make(
            name=name, **slash.command_attributes(about, example, **options)
        )(run)
        return command

    return decorate


def admin_group(name: str, about: str) -> Callable[[Callback[CogT, P]], commands.HybridGroup[Any, ..., None]]:
    """Return a decorator that makes a method a group of commands. The group itself replies with their usage."""

    def decorate(callback: Callback[CogT, P]) -> commands.HybridGroup[Any, ..., None]:
        @functools.wraps(callback)
        async def refuse(self: CogT, ctx: Ctx, *arguments: P.args, **keywords: P.kwargs) -> None:
            raise InvalidCommand(_("Please choose a subcommand."))

        make: Any = commands.hybrid_group(name=name, invoke_without_command=True, **slash.command_attributes(about))
        group: commands.HybridGroup[Any, ..., None] = make(refuse)
        return group

    return decorate


def command_usages(command: commands.Command[Any, ..., Any]) -> list[CommandUsage]:
    """Return the usage of a command, or of all commands of a group."""
    if isinstance(command, commands.Group):
        children = sorted(command.commands, key=lambda child: child.name)
        return [usage for child in children for usage in command_usages(child)]
    arguments = tuple(_argument(parameter) for parameter in command.clean_params.values())
    extras: Mapping[str, Any] = command.extras
    return [CommandUsage(command.qualified_name, arguments, str(extras["example"]), str(extras["about"]))]


def help_sections(cogs: Iterable[commands.Cog]) -> list[tuple[str, list[CommandUsage]]]:
    """Return headings and usages of all commands of `cogs`."""
    by_title: dict[str, list[CommandUsage]] = {}
    system: list[CommandUsage] = []
    for cog in cogs:
        title = str(getattr(cog, "title", SYSTEM))
        usages = by_title.setdefault(title, []) if title != SYSTEM else system
        usages += [usage for command in cog.get_commands() for usage in command_usages(command)]
    return [(_(title), usages) for title, usages in [*by_title.items(), (SYSTEM, system)] if usages]


async def _run_command(cog: ShopCog, ctx: Ctx, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a command; reply why the shop refused it, and never that nothing was done after the shop was changed.

    One that another process has begun is looked up first: what it refuses now, that process may have done.
    """
    answers = cog.shop.answers
    _has_changed.set(False)
    try:
        if cog.is_repeated():
            await cog.require_new(ctx)
        await work()
    except Exception as error:
        if not _has_changed.get():
            await _reply_not_done(cog, ctx, error)
            return
        log.warning(_("%(command)s was done, but failed afterwards"), {"command": ctx.command}, exc_info=error)
        try:
            await cog.say(ctx, answers.done_without_answer())
        except discord.HTTPException as problem:
            log.warning(_("cannot answer %(who)s: %(text)s"), {"who": ctx.author, "text": problem})


async def _reply_not_done(cog: ShopCog, ctx: Ctx, error: Exception) -> None:
    """Reply why a command was not done. Raises the error if the shop does not explain it."""
    answers = cog.shop.answers
    try:
        raise error
    except Refused as problem:
        await cog.say(ctx, answers.refusal(problem))
    except InvalidAmount as problem:
        await cog.reply_usage_error(ctx, answers.invalid_amount(problem))
    except OutcomeUnknown as problem:
        log.warning(_("%(command)s failed: %(problem)s"), {"command": ctx.command, "problem": problem})
        await _say_try_again(cog, ctx, answers.outcome_unknown_to_admin())
    except Unavailable as problem:
        log.warning(_("%(command)s failed: %(problem)s"), {"command": ctx.command, "problem": problem})
        await _say_try_again(cog, ctx, answers.unavailable())


async def _say_try_again(cog: ShopCog, ctx: Ctx, text: str) -> None:
    """Reply that a command was not done, but could be later. No process replays it then: the admin gives it again."""
    cog.bot.finish(ctx.message.id)
    await cog.say(ctx, text)


def _argument(parameter: commands.Parameter) -> str:
    annotation = parameter.annotation
    if typing.get_origin(annotation) is typing.Literal:
        name = "|".join(map(str, typing.get_args(annotation)))
    else:
        name = parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _usage_problem(error: commands.UserInputError) -> str:
    match error:
        case InvalidCommand():
            return str(error)
        case commands.MissingRequiredAttachment():
            return _(
                "The file is missing. Use `/addstock`, or send me the command with a .txt file in a direct message."
            )
        case commands.MissingRequiredArgument(param=parameter):
            return _("%s is missing.") % f"`{_argument(parameter)}`"
        case commands.BadLiteralArgument(literals=literals):
            return _("The value must be one of %s.") % ", ".join(f"`{literal}`" for literal in literals)
        case commands.ArgumentParsingError():
            return _("A quotation mark is missing or misplaced.")
        case commands.RangeError(value=str(), maximum=most):
            return _("The text is empty or longer than %d characters.") % most
        case commands.RangeError(minimum=least, maximum=most):
            return _("The value must be a number from %(least)s to %(most)s.") % {"least": least, "most": most}
        case commands.BadArgument():
            return _("The value must be a whole number.")
    return _("The command is not written correctly.")


def format_list(lines: Sequence[str], title: str, nothing: str) -> str:
    """Return the lines below their title, or the text for an empty list."""
    return "\n".join([title, *lines]) if lines else nothing


def _change_nothing(connection: Connection) -> None:
    """Change nothing: the use case of an action that is only recorded, because it happens elsewhere."""
