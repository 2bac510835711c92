"""From a configuration file to a running bot, and to its exit code with a reason for people."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import importlib
import logging
import os
import pkgutil
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botapp.config import token as bot_token
from botapp.config.loading import choose_language, load
from botapp.locale import _
from botapp.runtime import log
from botapp.services.deposits.key import read_key
from supervisor.client import TRACEBACK_SIGNAL, LifeEnvironment, masked
from supervisor.configfile import ConfigError, find_config

if TYPE_CHECKING:
    from botapp.bot import ShopBot
    from botapp.config.settings import Settings

_log = logging.getLogger(__name__)

DONE: Final = 0
BROKEN: Final = 1
USAGE: Final = 2
TRY_LATER: Final = 75
REFUSED: Final = 77
BAD_CONFIG: Final = 78
#: how long the supervisor may take to hear why this life ends, in seconds
FAREWELL_TIMEOUT_S: Final = 1.0
#: close codes of the gateway after which trying again is of no use: discord.com/developers, "Gateway Close Event Codes"
_BAD_TOKEN: Final = 4004
_BAD_INTENTS: Final = frozenset({4013, 4014})
#: parts of this package that the bot itself does not stand on
_NOT_OF_THE_BOT: Final = (
    "botapp.local_discord",
    "botapp.cli.demo",
    "botapp.cli.doctor.discord",
    "botapp.cli.init",
    "botapp.cli.data",
    "botapp.__main__",
)


@dataclass(frozen=True)
class ExitWithCode:
    """How a life ends."""

    #: exit code
    code: int
    #: one line for people
    reason: str


def check() -> int:
    """Look whether the bot would run: its code loads, its settings, token and database are good.

    Raises whatever code that does not load raises.
    """
    import botapp

    choose_language()

    for module in pkgutil.walk_packages(botapp.__path__, "botapp."):
        if not module.name.startswith(_NOT_OF_THE_BOT):
            try:
                importlib.import_module(module.name)
            except SystemExit as error:
                text = _("%(module)s ends the program as soon as it is loaded: %(problem)r")
                print(text % {"module": module.name, "problem": error}, file=sys.stderr)
                return BROKEN
    try:
        settings, _token = _read_settings()
        _check_database(settings)
    except ConfigError as error:
        if isinstance(error, bot_token.TokenFileOfRoot) and "STOCKSUP_CHECK" not in os.environ:
            return DONE  # somebody looks by hand; before a restart the credential has to be there
        print(masked(str(error)), file=sys.stderr)
        return BAD_CONFIG
    return DONE


def run() -> int:
    """Run the bot to its end and return the exit code."""
    try:
        settings, token = _read_settings()
    except ConfigError as error:
        ending = ExitWithCode(BAD_CONFIG, masked(str(error)))
        print(ending.reason, file=sys.stderr)
        asyncio.run(_give_reason(ending))
        return ending.code
    log.configure(settings.timezone, (token,), LifeEnvironment.read())
    faulthandler.register(TRACEBACK_SIGNAL)  # where it hangs, for the supervisor to ask
    if (path := bot_token.open_token_file(settings)) is not None:
        _log.warning(_("other users of this machine can read %s; run: chmod 600 %s"), path, path)
    return asyncio.run(_live(settings, token))


def usage() -> int:
    """Say how the bot is called; return the exit code for a wrong call."""
    choose_language()
    print(_("usage: %(command)s") % {"command": "python -m botapp [--check]"}, file=sys.stderr)
    return USAGE


def _read_settings() -> tuple[Settings, str]:
    choose_language()
    path = find_config()
    settings = load(path)
    read_key(settings)  # what is wrong with it is said before anything begins
    return settings, bot_token.read_token(settings)


def _check_database(settings: Settings) -> None:
    """Raise ConfigError when the database is none of ours; one that cannot be reached now is waited for later."""
    from botapp.services.backup.backup import shop_database_url
    from botapp.services.backup.files import DataProblem
    from botapp.services.backup.probe import schema_version
    from botapp.store.db.database import display_url
    from botapp.store.db.schema import SchemaTooNew

    url = shop_database_url(settings)
    try:
        schema_version(url)
    except SchemaTooNew as error:
        raise ConfigError(f"{display_url(url)}: {error}") from error
    except DataProblem as error:
        print(masked(str(error)), file=sys.stderr)


async def _give_reason(ending: ExitWithCode) -> None:
    """Tell the supervisor why this life ends before it began."""
    from botapp.runtime.supervisor_link import SupervisorLink

    surroundings = LifeEnvironment.read()
    if surroundings is None:
        return
    link = SupervisorLink(surroundings)
    knocking = asyncio.create_task(link.run())
    await link.send_goodbye(ending.code, ending.reason, timeout_s=FAREWELL_TIMEOUT_S)
    knocking.cancel()


async def _live(settings: Settings, token: str) -> int:
    """Be one life of the bot; return its exit code."""
    # Importing makes next to no garbage, and members wait: looking for it would cost a tenth of the start.
    gc.disable()
    from botapp.bot import ShopBot, configure_discord_py

    gc.freeze()
    gc.enable()
    configure_discord_py(settings)
    bot = ShopBot(settings, LifeEnvironment.read())
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    knocking = asyncio.create_task(bot.link.run()) if bot.link else None
    serving = asyncio.create_task(_serve(bot, token))
    waits = [asyncio.create_task(event.wait()) for event in (told_to_end, bot.unreachable)]
    await asyncio.wait({serving, *waits, *([knocking] if knocking else [])}, return_when=asyncio.FIRST_COMPLETED)

    if told_to_end.is_set():
        ending = ExitWithCode(DONE, _("ended as asked"))
        await bot.end()
    elif knocking is not None and knocking.done():
        ending = _without_supervisor(knocking)
        await bot.leave()
    else:
        ending = _explain_end(serving, settings, logged_in=bot.user is not None)
        await bot.leave()
    for task in (serving, *waits):
        task.cancel()
    await asyncio.gather(serving, *waits, return_exceptions=True)
    if ending.code == DONE:
        _log.info(ending.reason)
    else:
        _log.critical(ending.reason)
    if bot.link is not None and knocking is not None and not knocking.done():
        await bot.link.send_goodbye(ending.code, ending.reason, timeout_s=FAREWELL_TIMEOUT_S)
        knocking.cancel()
    return ending.code


async def _serve(bot: ShopBot, token: str) -> None:
    await bot.login(token)
    await asyncio.gather(bot.loader.finish(), bot.connect())


def _without_supervisor(knocking: asyncio.Task[None]) -> ExitWithCode:
    from botapp.runtime.supervisor_link import Superseded

    error = knocking.exception()
    if isinstance(error, Superseded):
        return ExitWithCode(DONE, _("a newer life has taken over"))
    return ExitWithCode(
        BROKEN, _("the link to the supervisor broke: %s") % (log.describe_error(error) if error else "-")
    )


def _explain_end(serving: asyncio.Task[None], settings: Settings, *, logged_in: bool) -> ExitWithCode:
    """Say why the bot ended although nobody asked it to, and what to do."""
    import discord

    from botapp.discord_api.errors import connection_problem

    address = (settings.discord.gateway if logged_in else settings.discord.api_base) or "discord.com"
    again = _("cannot reach Discord at %(address)s: %(problem)s; check the network and [discord]")
    if not serving.done():
        return ExitWithCode(TRY_LATER, again % {"address": address, "problem": _("no session could be opened")})
    error = serving.exception()
    if isinstance(error, ConfigError):
        return ExitWithCode(BAD_CONFIG, str(error))
    if isinstance(error, discord.LoginFailure) or _close_code(error) == _BAD_TOKEN:
        return ExitWithCode(
            REFUSED,
            _(
                "Discord refused the token; take a fresh one from discord.com/developers (Bot, Reset Token), "
                "put it into [discord] token_file or $DISCORD_TOKEN, then: stocksup start"
            ),
        )
    if isinstance(error, discord.PrivilegedIntentsRequired) or _close_code(error) in _BAD_INTENTS:
        return ExitWithCode(
            REFUSED,
            _(
                "Discord refused an intent; switch on Message Content Intent at discord.com/developers "
                "(Bot, Privileged Gateway Intents), then: stocksup start"
            ),
        )
    if isinstance(error, discord.NotFound) and not logged_in:
        text = _(
            "[discord] api_base: %(address)s is no REST interface of Discord; expected one that ends with /api/v10"
        )
        return ExitWithCode(BAD_CONFIG, text % {"address": address})
    if error is None:
        return ExitWithCode(BROKEN, _("the bot ended by a fault: %s") % _("no reason given"))
    told = connection_problem(error)
    if told and not isinstance(error, discord.ConnectionClosed):
        return ExitWithCode(TRY_LATER, again % {"address": address, "problem": told})
    return ExitWithCode(BROKEN, _("the bot ended by a fault: %s") % (told or log.describe_error(error)))


def _close_code(error: BaseException | None) -> int | None:
    import discord

    return error.code if isinstance(error, discord.ConnectionClosed) else None
