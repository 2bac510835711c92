"""Runs the bot: reads the configuration, starts it, and explains its exit code."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import importlib
import importlib.util
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
from botapp.runtime import log, passed_sockets
from botapp.runtime.exits import TryLater
from botapp.services.deposits.key import read_key
from supervisor.client import (
    EXIT_BAD_CONFIG,
    EXIT_FAILED,
    EXIT_REFUSED,
    EXIT_TRY_AGAIN,
    TRACEBACK_SIGNAL,
    LifeEnvironment,
    make_printable,
    mask_secrets,
)
from supervisor.configfile import ConfigError, find_config

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from pathlib import Path

    from botapp.bot import ShopBot
    from botapp.config.settings import Settings

_log = logging.getLogger(__name__)

EXIT_OK: Final = 0
EXIT_USAGE: Final = 2
#: time to tell the supervisor why this process exits, in seconds
GOODBYE_TIMEOUT_S: Final = 1.0
#: longest time that the check waits for Discord, in seconds
CHECK_TIMEOUT_S: Final = 3.0
#: close codes after which reconnecting cannot help: discord.com/developers, "Gateway Close Event Codes"
_BAD_TOKEN: Final = 4004
_BAD_INTENTS: Final = frozenset({4013, 4014})
#: parts of this package that the bot does not use
_NOT_CHECKED: Final = (
    "botapp.local_discord",
    "botapp.dashboard",
    "botapp.cli.dashboard",
    "botapp.cli.demo",
    "botapp.cli.doctor.discord",
    "botapp.cli.init",
    "botapp.cli.data",
    "botapp.__main__",
)
#: parts that need a package which only some shops install, and that package
_OPTIONAL: Final = {"botapp.store.db.postgres": "psycopg"}


@dataclass(frozen=True)
class ExitWithCode:
    """Why the process exits."""

    code: int
    #: one line for the operator
    reason: str


def check() -> int:
    """Check whether the bot can run: code, settings, database and token; return the exit code.

    Raises whatever the import of a module raises.
    """
    import botapp

    choose_language()

    for module in pkgutil.walk_packages(botapp.__path__, "botapp."):
        package = _OPTIONAL.get(module.name)
        is_missing = package is not None and importlib.util.find_spec(package) is None
        if not module.name.startswith(_NOT_CHECKED) and not is_missing:
            try:
                importlib.import_module(module.name)
            except SystemExit as error:
                text = _("%(module)s exits when it is imported: %(problem)r")
                _print_error(text % {"module": module.name, "problem": error})
                return EXIT_FAILED
    try:
        settings, token = _read_settings()
        _check_database(settings)
        asyncio.run(_check_token(settings, token))
    except ConfigError as error:
        if isinstance(error, bot_token.TokenFileOfRoot) and "STOCKSUP_CHECK" not in os.environ:
            return EXIT_OK  # a check by hand; before a restart systemd provides the credential
        _print_error(str(error))
        return EXIT_BAD_CONFIG
    return EXIT_OK


def run() -> int:
    """Run the bot and return its exit code."""
    sockets = passed_sockets.take()
    try:
        settings, token = _read_settings()
    except ConfigError as error:
        ending = ExitWithCode(EXIT_BAD_CONFIG, mask_secrets(str(error)))
        _print_error(ending.reason)
        asyncio.run(_report_exit(ending))
        return ending.code
    os.environ.pop(bot_token.VARIABLE, None)  # the processes that this one starts do not need it
    log.configure(settings.timezone, (token,), LifeEnvironment.read())
    faulthandler.register(TRACEBACK_SIGNAL)  # the supervisor requests it from a bot that hangs
    if (path := bot_token.open_token_file(settings)) is not None:
        _log.warning(_("other users of this machine can read %s; run: chmod 600 %s"), path, path)
    return asyncio.run(_run_bot(settings, token, sockets))


def usage() -> int:
    """Print how to call the bot; return the exit code for a wrong call."""
    choose_language()
    print(_("usage: %(command)s") % {"command": "python -m botapp [--check]"}, file=sys.stderr)
    return EXIT_USAGE


def _print_error(text: str) -> None:
    print(make_printable(mask_secrets(text)), file=sys.stderr)


def _read_settings() -> tuple[Settings, str]:
    choose_language()
    path = find_config()
    settings = load(path)
    read_key(settings)  # an error must stop the start, not the running shop
    return settings, bot_token.read_token(settings)


def _check_database(settings: Settings) -> None:
    """Raise ConfigError if the database is gone or of a newer version. One that is not reachable is retried later."""
    from botapp.runtime.state_file import StateError
    from botapp.services.backup.backup import shop_database_url
    from botapp.services.backup.files import DataProblem
    from botapp.services.backup.probe import find_loss
    from botapp.store.db.database import display_url
    from botapp.store.db.schema import SchemaTooNew

    url = shop_database_url(settings)
    try:
        loss = find_loss(settings, url)
    except SchemaTooNew as error:
        raise ConfigError(f"{display_url(url)}: {error}") from error
    except (DataProblem, StateError) as error:
        _print_error(str(error))
    else:
        if loss is not None:
            raise ConfigError(loss)


async def _check_token(settings: Settings, token: str) -> None:
    """Raise ConfigError if Discord refuses the token. A Discord that does not answer is no fault of the token."""
    from botapp.discord_api.rest import DiscordProblem, DiscordRest, TokenRefused

    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S), DiscordRest(settings.discord.api_base, token) as rest:
            await rest.get("/users/@me")
    except TokenRefused as error:
        text = _(
            "Discord refused the token; copy a new one from discord.com/developers (Bot, Reset Token) into [discord] "
            "token_file or $DISCORD_TOKEN"
        )
        raise ConfigError(text) from error
    except DiscordProblem as error:
        _print_error(str(error))
    except TimeoutError:
        _print_error(_("the token was not checked: Discord did not answer within %d s") % CHECK_TIMEOUT_S)


async def _report_exit(ending: ExitWithCode) -> None:
    """Tell the supervisor, if there is one, why this process exits before it could serve."""
    from botapp.runtime.supervisor_link import report_exit

    if (environment := LifeEnvironment.read()) is not None:
        await report_exit(environment, ending.code, ending.reason, timeout_s=GOODBYE_TIMEOUT_S)


async def _run_bot(settings: Settings, token: str, sockets: Sequence[socket.socket]) -> int:
    """Run the bot until it is stopped, replaced or fails; return its exit code."""
    # Importing creates hardly any garbage: collecting it would cost a tenth of the start.
    gc.disable()
    from botapp.bot import ShopBot, configure_discord_py

    gc.freeze()
    gc.enable()
    configure_discord_py(settings)
    bot = ShopBot(settings, LifeEnvironment.read(), sockets)
    if (ending := _open_intake(bot, settings)) is not None:
        _print_error(ending.reason)
        await _report_exit(ending)
        return ending.code
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    connection = asyncio.create_task(bot.link.run()) if bot.link else None
    running = asyncio.create_task(_run_parts(bot, token))
    serving = asyncio.create_task(bot.serving.run())
    events = [asyncio.create_task(event.wait()) for event in (stop, bot.unreachable)]
    ends = {running, serving, *events, *([connection] if connection else [])}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)

    if stop.is_set():
        ending = ExitWithCode(EXIT_OK, _("ended as requested"))
        await bot.end()
    elif serving.done() and serving.exception() is None:
        ending = ExitWithCode(EXIT_OK, _("a newer process has taken over"))
        await bot.leave()
    elif connection is not None and connection.done():
        ending = _explain_lost_supervisor(connection)
        await bot.leave()
    else:
        failed = serving if serving.done() else running
        ending = _explain_end(failed, settings, logged_in=bot.user is not None)
        await bot.leave()
    for task in (running, serving, *events):
        task.cancel()
    await asyncio.gather(running, serving, *events, return_exceptions=True)
    level = logging.CRITICAL if bot.serving.role == "serving" else logging.WARNING
    _log.log(logging.INFO if ending.code == EXIT_OK else level, ending.reason)
    if bot.link is not None and connection is not None and not connection.done():
        await bot.link.send_goodbye(ending.code, ending.reason, timeout_s=GOODBYE_TIMEOUT_S)
        connection.cancel()
    return ending.code


def _open_intake(bot: ShopBot, settings: Settings) -> ExitWithCode | None:
    """Open the file of taken events; return why the process must end if another one serves."""
    from botapp.discord_api.handover.event_file import FILE_NAME, AnotherServes

    path = settings.state_file.with_name(FILE_NAME)
    if bot.serving.role == "prepared":
        return _prepare_intake(bot, settings, path)
    try:
        bot.intake.open(path)
    except AnotherServes:
        text = _("another process of this bot is running (it has locked %(path)s); stop it first")
        return ExitWithCode(EXIT_TRY_AGAIN, text % {"path": path})
    except OSError as error:
        text = _("cannot keep clicks for the next process: %(path)s: %(why)s")
        _log.warning(text, {"path": path, "why": error.strerror or error})
    return None


def _prepare_intake(bot: ShopBot, settings: Settings, path: Path) -> ExitWithCode | None:
    """Hold events beside the process that serves; return why a hand-over is not possible."""
    from botapp.discord_api.handover.event_file import OtherLayout
    from botapp.lifecycle.preparation import remembered_miss
    from botapp.runtime import state_file

    try:
        problem = remembered_miss(state_file.expect(settings.state_file).events_missed_at_s)
        if problem is None:
            bot.intake.prepare(path)
    except (OtherLayout, OSError, state_file.StateError) as error:
        text = _("cannot keep clicks for the next process: %(path)s: %(why)s")
        problem = text % {"path": path, "why": getattr(error, "strerror", None) or error}
    return None if problem is None else ExitWithCode(EXIT_TRY_AGAIN, problem)


async def _run_parts(bot: ShopBot, token: str) -> None:
    await bot.login(token)
    await asyncio.gather(bot.loader.finish(), bot.connect())


def _explain_lost_supervisor(connection: asyncio.Task[None]) -> ExitWithCode:
    from botapp.runtime.supervisor_link import Superseded

    error = connection.exception()
    if isinstance(error, Superseded):
        return ExitWithCode(EXIT_OK, _("a newer process has taken over"))
    problem = log.describe_error(error) if error else "-"
    return ExitWithCode(EXIT_FAILED, _("the connection to the supervisor failed: %s") % problem)


def _explain_end(running: asyncio.Task[None], settings: Settings, *, logged_in: bool) -> ExitWithCode:
    """Return why the bot ended although no one requested it, and what to do."""
    import discord

    from botapp.discord_api.errors import connection_problem

    address = (settings.discord.gateway if logged_in else settings.discord.api_base) or "discord.com"
    unreachable = _("cannot reach Discord at %(address)s: %(problem)s; check the network and [discord]")
    if not running.done():
        problem = _("no session could be opened")
        return ExitWithCode(EXIT_TRY_AGAIN, unreachable % {"address": address, "problem": problem})
    error = running.exception()
    if isinstance(error, ConfigError):
        return ExitWithCode(EXIT_BAD_CONFIG, str(error))
    if isinstance(error, TryLater):
        return ExitWithCode(EXIT_TRY_AGAIN, str(error))
    if (refusal := _explain_refusal(error)) is not None:
        return ExitWithCode(EXIT_REFUSED, refusal)
    if isinstance(error, discord.NotFound) and not logged_in:
        text = _("[discord] api_base: %(address)s is not Discord's REST API; expected an address that ends in /api/v10")
        return ExitWithCode(EXIT_BAD_CONFIG, text % {"address": address})
    if error is None:
        return ExitWithCode(EXIT_FAILED, _("the bot failed: %s") % _("no reason given"))
    reason = connection_problem(error)
    if isinstance(error, discord.HTTPException):
        # whatever the status: a proxy, a ban or an outage, and none of them lasts
        reason = reason or str(error)
    if reason and not isinstance(error, discord.ConnectionClosed):
        return ExitWithCode(EXIT_TRY_AGAIN, unreachable % {"address": address, "problem": reason})
    return ExitWithCode(EXIT_FAILED, _("the bot failed: %s") % (reason or log.describe_error(error)))


def _explain_refusal(error: BaseException | None) -> str | None:
    """Return what to do if Discord refused the token or an intent; None if `error` has another cause."""
    import discord

    if isinstance(error, discord.LoginFailure) or _close_code(error) == _BAD_TOKEN:
        return _(
            "Discord refused the token; copy a new one from discord.com/developers (Bot, Reset Token), "
            "put it into [discord] token_file or $DISCORD_TOKEN, then: stocksup start"
        )
    if isinstance(error, discord.PrivilegedIntentsRequired) or _close_code(error) in _BAD_INTENTS:
        return _(
            "Discord refused an intent; switch on Message Content Intent at discord.com/developers "
            "(Bot, Privileged Gateway Intents), then: stocksup start"
        )
    return None


def _close_code(error: BaseException | None) -> int | None:
    import discord

    return error.code if isinstance(error, discord.ConnectionClosed) else None
