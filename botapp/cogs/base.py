"""What all admin commands of the shop share: who may, in which language, how mistakes and refusals are answered.

A command parses, asks the shop, answers. Everything else stands here once.
"""

from __future__ import annotations

import functools
import logging
import typing
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Final, ParamSpec, TypeVar

import discord
from discord.ext import commands

from botapp.cogs.confirmations import ConfirmationTexts, confirmation_texts
from botapp.discord_api import language
from botapp.discord_api import slash_commands as slash
from botapp.discord_api.command_errors import reply_command_failed
from botapp.locale import N_, _, speaking
from botapp.runtime.tasks import NotAccepting
from botapp.store.db.errors import Unavailable
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

#: how many of a list are shown when nobody says how many, and at most
DEFAULT_ROWS: Final = 10
MAX_ROWS: Final = 50
#: what commands about the bot itself stand under in the help
SYSTEM: Final = N_("System")

Callback = Callable[Concatenate[CogT, Ctx, P], Coroutine[Any, Any, None]]


class NotAnAdmin(commands.CheckFailure):
    """Somebody who is no admin has given an admin command."""


class InvalidCommand(commands.UserInputError):
    """A command was given in a way that its form does not allow; the message says what is wrong."""


class ShopCog(commands.Cog):
    """Commands that only admins may give."""

    #: what they stand under in the help, marked for the catalogues
    title: ClassVar[str] = SYSTEM

    def __init__(self, bot: CogBot, shop: CogShop) -> None:
        self.bot = bot
        self.shop = shop

    async def cog_check(self, ctx: commands.Context[Any]) -> bool:
        """Let admins pass. Raises NotAnAdmin."""
        if not self.bot.is_admin(ctx.author):
            raise NotAnAdmin
        return True

    async def cog_command_error(self, ctx: commands.Context[Any], error: Exception) -> None:
        """Answer whoever may not, or has given the command wrongly."""
        with speaking(language.context_language(ctx)):
            if isinstance(error, NotAnAdmin):
                who = f"{ctx.author} ({ctx.author.id})"
                text = _("%(command)s refused: %(who)s is not an admin")
                log.warning(text, {"who": who, "command": ctx.command})
                await self.say(ctx, _("⛔ Only admins may use this command."))
            elif isinstance(error, commands.UserInputError):
                await self.correct(ctx, f"❌ {_problem(error)}")
            else:
                await reply_command_failed(ctx, error)

    async def say(self, ctx: Ctx, text: str, *, file: discord.File | None = None) -> discord.Message | None:
        """Answer; in direct messages where the bot may not write. Returns the last message, if one could be sent."""
        pages = list(split_pages(text.split("\n"))) or [""]
        message: discord.Message | None = None
        for page in pages:
            attached: dict[str, Any] = {"file": file} if file is not None and page is pages[-1] else {}
            if ctx.interaction is None:
                # somebody may have taken the command away meanwhile
                attached["reference"] = ctx.message.to_reference(fail_if_not_exists=False)
            try:
                message = await ctx.send(page, ephemeral=True, **attached)
            except discord.Forbidden:
                message = await self._say_in_private(ctx, page)
        return message

    async def correct(self, ctx: Ctx, problem: str) -> None:
        """Say what is wrong with a command, and how it is given."""
        assert ctx.command is not None, "a command is being answered"
        await self.say(ctx, usage_error(forms_of(ctx.command), self.bot.settings.bot.prefix, problem))

    async def agreed(self, ctx: Ctx, what: str, yes: str) -> bool:
        """Ask before something dangerous; return whether the answer was yes. See `confirmation_texts`."""
        wording: ConfirmationTexts = confirmation_texts(what, yes)
        stage, _message = await self.bot.confirmations.ask(
            ctx, wording, is_superseded=lambda: self.bot.tasks.is_draining
        )
        return stage is Stage.CONFIRMED

    async def act(
        self,
        ctx: Ctx,
        detail: str | Callable[[T], str | None],
        use_case: Callable[Concatenate[Connection, P], T],
        /,
        *arguments: P.args,
        **keywords: P.kwargs,
    ) -> T:
        """Do `use_case` and note in the admin log, in the same transaction, that this admin has done it.

        Args:
            ctx: of the command.
            detail: what is noted beside the command's name, or what tells that from the result; None: nothing was done.
            use_case: as `Shop.run` takes it; its arguments follow.
        """

        def work(connection: Connection) -> T:
            return use_case(connection, *arguments, **keywords)

        note = admin_log.AdminLogEntry(str(ctx.author.id), str(ctx.command), self.shop.now_ms())
        return await self.shop.run(admin_log.run_and_record, note, detail, work)

    def amount(self, text: str) -> int:
        """Return the amount that `text` names. Raises InvalidAmount."""
        return money.parse_amount(text, self.shop.units)

    async def _say_in_private(self, ctx: Ctx, text: str) -> discord.Message | None:
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
    """Make a command of a method, prefix and slash alike.

    Args:
        name: of the command.
        about: what it does, marked for the catalogues; as a whole at most 100 characters in any language.
        example: what may follow the name, as people type it.
        parent: the group that it belongs to.
        options: what each parameter means, marked for the catalogues.
    """

    def made(callback: Callback[CogT, P]) -> commands.HybridCommand[Any, ..., None]:
        @functools.wraps(callback)
        async def answering(self: CogT, ctx: Ctx, *arguments: P.args, **keywords: P.kwargs) -> None:
            with speaking(language.context_language(ctx)):
                try:
                    with self.bot.tasks.track(f"{name} · {ctx.author}"):
                        # what the command does may take longer than the three seconds Discord waits for an answer
                        await ctx.defer(ephemeral=True)
                        await _answered(self, ctx, callback(self, ctx, *arguments, **keywords))
                except NotAccepting:
                    await self.say(ctx, _("🔄 The bot is restarting. Please try again in a moment."))

        make: Any = commands.hybrid_command if parent is None else parent.command
        command: commands.HybridCommand[Any, ..., None] = make(name=name, **slash.told(about, example, **options))(
            answering
        )
        return command

    return made


def admin_group(name: str, about: str) -> Callable[[Callback[CogT, P]], commands.HybridGroup[Any, ..., None]]:
    """Make a group of commands of a method that does nothing: without one of them, the right forms are told."""

    def made(callback: Callback[CogT, P]) -> commands.HybridGroup[Any, ..., None]:
        @functools.wraps(callback)
        async def mistaken(self: CogT, ctx: Ctx, *arguments: P.args, **keywords: P.kwargs) -> None:
            raise InvalidCommand(_("Please choose a subcommand."))

        make: Any = commands.hybrid_group(name=name, invoke_without_command=True, **slash.told(about))
        group: commands.HybridGroup[Any, ..., None] = make(mistaken)
        return group

    return made


def forms_of(command: commands.Command[Any, ..., Any]) -> list[CommandUsage]:
    """Return the form of a command, or those of the commands in a group."""
    if isinstance(command, commands.Group):
        children = sorted(command.commands, key=lambda child: child.name)
        return [form for child in children for form in forms_of(child)]
    arguments = tuple(_argument(parameter) for parameter in command.clean_params.values())
    words: Mapping[str, Any] = command.extras
    return [CommandUsage(command.qualified_name, arguments, str(words["example"]), str(words["about"]))]


def chapters(cogs: Iterable[commands.Cog]) -> list[tuple[str, list[CommandUsage]]]:
    """Return the forms of all commands of `cogs`, by the title that they stand under."""
    by_title: dict[str, list[CommandUsage]] = {}
    system: list[CommandUsage] = []
    for cog in cogs:
        title = str(getattr(cog, "title", SYSTEM))
        forms = by_title.setdefault(title, []) if title != SYSTEM else system
        forms += [form for command in cog.get_commands() for form in forms_of(command)]
    return [(_(title), forms) for title, forms in [*by_title.items(), (SYSTEM, system)] if forms]


async def _answered(cog: ShopCog, ctx: Ctx, work: Coroutine[Any, Any, None]) -> None:
    """Do what a command does; say what the shop refuses."""
    answers = cog.shop.answers
    try:
        await work
    except Refused as problem:
        await cog.say(ctx, answers.refusal(problem))
    except InvalidAmount as problem:
        await cog.correct(ctx, answers.invalid_amount(problem))
    except Unavailable as error:
        log.warning(_("%(command)s failed: %(problem)s"), {"command": ctx.command, "problem": error})
        await cog.say(ctx, answers.unavailable())


def _argument(parameter: commands.Parameter) -> str:
    annotation = parameter.annotation
    if typing.get_origin(annotation) is typing.Literal:
        name = "|".join(map(str, typing.get_args(annotation)))
    else:
        name = parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _problem(error: commands.UserInputError) -> str:
    match error:
        case InvalidCommand():
            return str(error)
        case commands.MissingRequiredAttachment():
            return _("The file is missing.")
        case commands.MissingRequiredArgument(param=parameter):
            return _("%s is missing.") % f"`{_argument(parameter)}`"
        case commands.BadLiteralArgument(literals=literals):
            return _("The value must be one of %s.") % ", ".join(f"`{one}`" for one in literals)
        case commands.ArgumentParsingError():
            return _("A quotation mark is missing or misplaced.")
        case commands.RangeError(minimum=least, maximum=most):
            return _("The value must be a number from %(least)s to %(most)s.") % {"least": least, "most": most}
        case commands.BadArgument():
            return _("The value must be a whole number.")
    return _("The command is not written correctly.")


def rows(lines: Sequence[str], title: str, nothing: str) -> str:
    """Return a list under its title, or what is said when it is empty."""
    return "\n".join([title, *lines]) if lines else nothing


def nothing_else(connection: Connection) -> None:
    """Change nothing in the books: for what is done elsewhere, and is noted before it is done."""
