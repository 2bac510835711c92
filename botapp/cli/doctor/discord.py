"""The bot's part of `stocksup check`: database, token, permissions, Discord, live channel, clock.

Found by the entry-point groups `stocksup.checks` and `stocksup.state_checks`: called with the path of the configuration
file, they yield findings as dicts. Asks Discord a few questions, changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botapp.cli.doctor.finding import Finding
from botapp.config import token as bot_token
from botapp.config.loading import load, use_language
from botapp.config.settings import Settings
from botapp.discord_api import permissions
from botapp.discord_api.rest import (
    MISSING_ACCESS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MEMBER,
    UNKNOWN_USER,
    Denied,
    DiscordProblem,
    DiscordRest,
    TokenRefused,
    has_message_content_intent,
    portal_url,
)
from botapp.lifecycle.preparation import too_few_identifies
from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.state_file import StateError
from botapp.services.deposits.key import read_key
from supervisor.client import EXIT_BAD_CONFIG
from supervisor.configfile import ConfigError, language_of, read_toml

#: timeout of all requests to Discord together, in seconds
DISCORD_TIMEOUT_S: Final = 15.0
#: clock difference from which `check` warns, in seconds
MAX_CLOCK_OFFSET_S: Final = 5.0
#: maximum number of servers that are searched for a channel which the bot cannot see
MAX_SERVERS: Final = 20
#: maximum number of requests for the members that are admins
MAX_ADMIN_REQUESTS: Final = 20
#: types of channels for a live message: text, announcement
_TEXT_CHANNELS: Final = frozenset({0, 5})


def check(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the findings about the bot of the configuration at `path`; nothing if it does not run our bot."""
    use_language(language_of(path))
    try:
        if not _runs_the_bot(read_toml(path).get("programs")):
            return
        settings = load(path)
        read_key(settings)
    except ConfigError as error:
        yield asdict(Finding("bot.configuration", _("configuration of the bot"), str(error), code=EXIT_BAD_CONFIG))
        return
    try:
        token = bot_token.read_token(settings)
    except ConfigError as error:
        if isinstance(error, bot_token.TokenFileOfRoot):
            text = _("only root can read it, which is good; to check Discord too: sudo stocksup check")
            yield asdict(Finding("token", _("token"), text, warning=True))
            return
        yield asdict(Finding("token", _("token"), str(error), code=EXIT_BAD_CONFIG))
    else:
        yield asdict(_check_token_permissions(settings))
        yield from map(asdict, asyncio.run(_ask_discord(settings, token)))


def check_state(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the findings about the shop's files and its database; nothing if the configuration is not valid."""
    use_language(language_of(path))
    with suppress(ConfigError):  # `check` reports it
        if _runs_the_bot(read_toml(path).get("programs")):
            settings = load(path)
            from botapp.cli.doctor.database import findings

            yield from map(asdict, findings(settings, datetime.now(UTC)))


def _runs_the_bot(programs: Any) -> bool:
    """Return whether a program of the configuration is our bot; `bot` is, unless it has another command."""
    tables = {"bot": {}, **programs} if isinstance(programs, dict) else {"bot": {}}
    enabled = [one for one in tables.values() if isinstance(one, dict) and one.get("enabled", True)]
    commands = [one.get("command") or ["botapp"] for one in enabled]
    return any("botapp" in command for command in commands)


def _check_token_permissions(settings: Settings) -> Finding:
    if (loose := bot_token.open_token_file(settings)) is not None:
        problem = _("other users of this machine can read %(path)s; run: chmod 600 %(path)s") % {"path": loose}
        return Finding("token", _("token"), problem, warning=True)
    return Finding("token", _("token: exists, and only its owner can read it"))


async def _ask_discord(settings: Settings, token: str) -> list[Finding]:
    """Return the findings about Discord, as far as it answers in time."""
    found: list[Finding] = []
    try:
        async with asyncio.timeout(DISCORD_TIMEOUT_S), DiscordRest(settings.discord.api_base, token) as rest:
            async for finding in _check_application(settings, rest):
                found.append(finding)
    except TokenRefused as error:
        text = _(
            "%s; get a new one from discord.com/developers (your application, Bot, Reset Token), then: stocksup init"
        )
        found.append(Finding("discord", "Discord", text % error))
    except DiscordProblem as error:
        found.append(Finding("discord", "Discord", _("%s; the other Discord checks were skipped") % error))
    except TimeoutError:
        text = _("no answer from Discord within %d s; try again later") % DISCORD_TIMEOUT_S
        found.append(Finding("discord", "Discord", text))
    return found


async def _check_application(settings: Settings, rest: DiscordRest) -> AsyncIterator[Finding]:
    """Yield the findings about Discord. Raises DiscordProblem when further requests are useless."""
    application = await rest.get("/oauth2/applications/@me")
    application_id = int(application["id"])
    yield _clock(rest.clock_offset_s)
    yield Finding("discord", _("Discord accepts the token of %s") % application["name"])
    yield _intent(application_id, on=has_message_content_intent(application))
    yield _sessions(await rest.get("/gateway/bot"))
    servers = await rest.get("/users/@me/guilds")
    yield _servers(application_id, servers)
    if settings.bot.admin_ids and servers:
        yield await _admins(settings.bot.admin_ids, rest, servers)
    if settings.bot.admin_role_ids and servers:
        yield await _admin_roles(settings, rest, servers)
    if servers:
        bot = await rest.get("/users/@me")
        yield await _live_channel(settings, rest, int(bot["id"]), servers)


def _clock(offset_s: float | None) -> Finding:
    name = _("clock")
    if offset_s is None:
        return Finding("clock", _("clock: not compared, Discord sent no time"))
    if abs(offset_s) <= MAX_CLOCK_OFFSET_S:
        return Finding("clock", _("clock: the same as Discord's"))
    how = _("%d s ahead of Discord's") if offset_s > 0 else _("%d s behind Discord's")
    problem = _("%s; synchronize it: sudo timedatectl set-ntp true") % (how % round(abs(offset_s)))
    return Finding("clock", name, problem, warning=True)


def _intent(application_id: int, *, on: bool) -> Finding:
    if on:
        return Finding("intent", _("Message Content Intent is on"))
    text = _("it is off, so Discord would refuse the bot; turn it on and save: %s (Privileged Gateway Intents)")
    return Finding("intent", "Message Content Intent", text % portal_url(application_id))


def _sessions(gateway: Any) -> Finding:
    """Check that a restart may open a second session: Discord limits how many a day has."""
    if (problem := too_few_identifies(gateway)) is not None:
        text = _("%s, so a restart does not hand over; find out why the bot connects so often: stocksup history")
        return Finding("sessions", _("sessions"), text % problem, warning=True)
    return Finding("sessions", _("sessions: enough for today"))


def _servers(application_id: int, servers: list[dict[str, Any]]) -> Finding:
    if not servers:
        text = _("the bot is in no server; open this link and choose yours: %s")
        return Finding("servers", _("servers"), text % permissions.invite_link(application_id))
    return Finding("servers", _("servers: %s") % ", ".join(str(one["name"]) for one in servers[:5]))


async def _admins(admin_ids: Sequence[int], rest: DiscordRest, servers: list[dict[str, Any]]) -> Finding:
    """Check that the admins are members: with the id of something else, no one can give commands."""
    id, name = "admins", _("admins")
    if len(admin_ids) * len(servers) <= MAX_ADMIN_REQUESTS:
        for admin_id in admin_ids:
            if not any([await _is_member(rest, server, admin_id) for server in servers]):
                text = _(
                    "%d in [bot] admin_ids is not a member of the bot's servers; correct or remove it (in Discord: "
                    "right-click the user, Copy User ID)"
                )
                return Finding(id, name, text % admin_id, warning=True)
    return Finding(id, _("admins: %d") % len(admin_ids))


async def _is_member(rest: DiscordRest, server: dict[str, Any], user_id: int) -> bool:
    try:
        await rest.get(f"/guilds/{server['id']}/members/{user_id}")
    except Denied as error:
        if error.code not in (UNKNOWN_MEMBER, UNKNOWN_USER):
            raise
        return False
    return True


async def _admin_roles(settings: Settings, rest: DiscordRest, servers: list[dict[str, Any]]) -> Finding:
    """Check that the admin roles are roles, and not everyone's."""
    id, name = "admin_roles", _("admin roles")
    wanted = set(settings.bot.admin_role_ids)
    if everyone := sorted(wanted & {int(one["id"]) for one in servers}):
        text = _(
            "%d in [bot] admin_role_ids is the id of a server, which stands for everyone there, so it is ignored; "
            "put the id of a role there: Server Settings, Roles, Copy Role ID"
        )
        return Finding(id, name, text % everyone[0])
    if len(servers) <= MAX_SERVERS:
        known = {int(role["id"]) for one in servers for role in await rest.get(f"/guilds/{one['id']}/roles")}
        if unknown := sorted(wanted - known):
            text = _("%d in [bot] admin_role_ids is not a role of the bot's servers; correct or remove it")
            return Finding(id, name, text % unknown[0], warning=True)
    return Finding(id, _("admin roles: %d") % len(wanted))


async def _live_channel(settings: Settings, rest: DiscordRest, bot_id: int, servers: list[dict[str, Any]]) -> Finding:
    """Check that the bot can post the live message in its channel."""
    id, name = "live_channel", _("live channel")
    try:
        channel_id = settings.bot.live_channel_id or state.expect(settings.state_file).live_channel_id
    except StateError as error:
        return Finding(id, name, str(error))
    if not channel_id:
        return Finding(id, name, _("not chosen yet; in Discord, use /setup in the shop's channel"), warning=True)
    channel = await _find_channel(rest, channel_id, servers)
    if channel is None:
        text = _("cannot find channel %d; use /setup in another one, or correct [bot] live_channel_id if it is set")
        return Finding(id, name, text % channel_id)
    if channel["type"] not in _TEXT_CHANNELS:
        return Finding(id, name, _("channel %d is not a text channel; use /setup in a text channel") % channel_id)
    guild_id = int(channel["guild_id"])
    member = await rest.get(f"/guilds/{guild_id}/members/{bot_id}")
    roles = await rest.get(f"/guilds/{guild_id}/roles")
    role_ids = [int(one) for one in member["roles"]]
    granted = permissions.compute_in_channel(bot_id, guild_id, role_ids, roles, channel["permission_overwrites"])
    if lacking := permissions.missing_names(granted):
        text = _(
            "the bot lacks permissions in #%(channel)s: %(names)s; allow them in the channel's settings (Permissions)"
        )
        return Finding(id, name, text % {"channel": channel["name"], "names": ", ".join(lacking)})
    return Finding(id, _("live channel: #%s, with all permissions") % channel["name"])


async def _find_channel(rest: DiscordRest, channel_id: int, servers: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return a channel, even if the bot cannot see it; None: it is in none of the bot's servers."""
    try:
        channel: dict[str, Any] = await rest.get(f"/channels/{channel_id}")
    except Denied as error:
        if error.code not in (UNKNOWN_CHANNEL, MISSING_ACCESS):
            raise
        if error.code == UNKNOWN_CHANNEL:
            return None
    else:
        return channel if "guild_id" in channel else None
    for server in servers[:MAX_SERVERS]:
        for one in await rest.get(f"/guilds/{server['id']}/channels"):
            if int(one["id"]) == channel_id:
                return dict(one) | {"guild_id": server["id"]}
    return None
