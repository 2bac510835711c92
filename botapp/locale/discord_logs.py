"""What discord.py logs, as we say it in the language in use. Pure.

Its lines are known by their form, before anything is filled in; one that is not known stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from botapp.locale import N_, _

#: how many calls of the way to a blocked loop are named
_NAMED_CALLS: Final = 4

_BROKE: Final = N_("a fault in %(where)s; the bot goes on")
_AGAIN: Final = N_("the connection to Discord broke; the next attempt is in %(delay_s).1f s")
_SLOWED: Final = N_("Discord slows us down: %(method)s %(url)s waits %(delay_s).1f s")
_TOO_SLOW: Final = N_("Discord slows us down: %(method)s %(url)s would wait %(delay_s).1f s; given up")
_CANNOT: Final = N_("cannot connect to Discord; trying again")
_MEMBERS: Final = N_("Discord did not send the members of server %(guild)s in time")
_BLOCKED: Final = N_("something in the bot has let nothing else run for %(delay_s)s s; Discord may cut the connection")

#: the form of a line, our words for it, and the names of its values in the order in which they come
_LINES: Final[dict[str, tuple[str, Sequence[str]]]] = {
    "Attempting a reconnect in %.2fs": (_AGAIN, ("delay_s",)),
    "Attempting a reconnect for shard ID %s in %.2fs": (_AGAIN, ("shard", "delay_s")),
    "Failed to connect for shard_id: %s. Retrying...": (_CANNOT, ("shard",)),
    "Shard ID %s has stopped responding to the gateway. Closing and restarting.": (
        N_("Discord does not answer any more; the connection is opened anew"),
        ("shard",),
    ),
    "Shard ID %s heartbeat blocked for more than %s seconds.": (_BLOCKED, ("shard", "delay_s")),
    "Can't keep up, shard ID %s websocket is %.1fs behind.": (
        N_("the bot is too slow: what Discord sends is %(delay_s).1f s old when it is read"),
        ("shard", "delay_s"),
    ),
    "WebSocket in shard ID %s is ratelimited, waiting %.2f seconds": (
        N_("too much was sent to Discord at once; waiting %(delay_s).1f s"),
        ("shard", "delay_s"),
    ),
    "An error occurred while stopping the gateway. Ignoring.": (
        N_("the connection to Discord could not be closed well; the bot goes on"),
        (),
    ),
    "Unknown OP code %s.": (N_("Discord sent something that is not known here (op %(op)s)"), ("op",)),
    "We are being rate limited. %s %s responded with 429. Retrying in %.2f seconds.": (
        _SLOWED,
        ("method", "url", "delay_s"),
    ),
    "We are being rate limited. %s %s responded with 429. Timeout of %.2f was too long, erroring instead.": (
        _TOO_SLOW,
        ("method", "url", "delay_s"),
    ),
    "Global rate limit has been hit. Retrying in %.2f seconds.": (
        N_("Discord slows the whole bot down for %(delay_s).1f s"),
        ("delay_s",),
    ),
    "Webhook ID %s is rate limited. Retrying in %.2f seconds.": (
        N_("Discord slows us down: an answer to a member waits %(delay_s).1f s"),
        ("webhook", "delay_s"),
    ),
    "Ignoring exception in %s": (_BROKE, ("where",)),
    "Ignoring exception in command %s": (_BROKE, ("where",)),
    "Ignoring exception in command %r": (_BROKE, ("where",)),
    "Ignoring exception in command tree": (N_("a fault in a slash command; the bot goes on"), ()),
    "Ignoring exception in autocomplete for %r (Guild: %s, User: %s)": (_BROKE, ("where", "guild", "user")),
    "Ignoring exception in cog unload for Cog %r (%r)": (_BROKE, ("cog", "where")),
    "Ignoring exception in modal %r:": (_BROKE, ("where",)),
    "Ignoring exception in view %r for item %r": (_BROKE, ("view", "where")),
    "Ignoring exception in dynamic item creation for %r": (_BROKE, ("where",)),
    "Ignoring exception in dynamic item callback for %r": (_BROKE, ("where",)),
    "Exception occurred during %s": (_BROKE, ("where",)),
    "View interaction referencing unknown view for item %s. Discarding": (
        N_("a click on %(item)s, which this bot no longer has; it is dropped"),
        ("item",),
    ),
    "Unhandled exception in internal background task %r.": (
        N_("a fault in the background task %(task)s; it has ended"),
        ("task",),
    ),
    "Handling exception in internal background task %s. Retrying in %.2fs": (
        N_("a fault in the background task %(task)s; it tries again in %(delay_s).1f s"),
        ("task", "delay_s"),
    ),
    "Privileged message content intent is missing, commands may not work as expected.": (
        N_("the bot may not read messages; switch on Message Content Intent at discord.com/developers"),
        (),
    ),
    "Application has an interaction endpoint URL set, this means registered components and app commands will not be "
    "received by the library.": (
        N_(
            "the application has an Interactions Endpoint URL, so no click and no slash command comes here; remove it "
            "at discord.com/developers (General Information)"
        ),
        (),
    ),
    "Guilds intent seems to be disabled. This may cause state related issues.": (
        N_("the bot is not told of its servers; switch on the intent Guilds"),
        (),
    ),
    "Timed out waiting for chunks with query %r and limit %d for guild_id %d": (_MEMBERS, ("query", "limit", "guild")),
    "Somehow timed out waiting for chunks for guild ID %s.": (_MEMBERS, ("guild",)),
    "Shard ID %s timed out waiting for chunks for guild_id %s.": (_MEMBERS, ("shard", "guild")),
}


def said(form: object, values: Any) -> str | None:
    """Return our words for a line of the form `form` with `values`, as a log record has them; None if unknown."""
    line, _newline, stack = str(form).partition("\n")
    known = _LINES.get(line)
    given = values if isinstance(values, tuple) else (values,) if values else ()
    if known is None or len(known[1]) != len(given):
        return None
    text = _(known[0]) % dict(zip(known[1], given, strict=True))
    return text + _way(stack)


def _way(stack: str) -> str:
    """Return the last calls of a stack as Python writes it, in a few words; "" for none."""
    calls = re.findall(r'File "(?:[^"]*/)?([^"/]+)", line (\d+), in (\S+)', stack)[-_NAMED_CALLS:]
    return f" [{' > '.join(f'{file}:{line} {name}' for file, line, name in calls)}]" if calls else ""


def why(form: object, error: BaseException) -> str | None:
    """Return our words for the failure that a line of the form `form` tells; None where its own say more."""
    about_connection = _LINES.get(str(form), ("",))[0] in (_AGAIN, _CANNOT)
    return problem(error) if about_connection else None


def problem(error: BaseException) -> str | None:
    """Return what has come between us and Discord, in our words; None for a fault of another kind."""
    import aiohttp
    import discord

    from botapp.discord_api.rest import why_unreachable

    if isinstance(error, discord.ConnectionClosed):
        return _("Discord closed the connection (code %(code)s)") % {"code": error.code}
    if isinstance(error, discord.GatewayNotFound):
        return _("Discord did not say where its gateway is")
    if isinstance(error, discord.HTTPException) and (error.status == 429 or error.status >= 500):
        return _("Discord answered %(status)d") % {"status": error.status}
    return why_unreachable(error) if isinstance(error, aiohttp.ClientError | OSError | TimeoutError) else None
