"""Commands in events, as the gateway sends them: which of them another process may execute later. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

#: a restart that no one awaits any more would surprise: the admin asks again
NEVER_REPLAYED: Final = frozenset({"restart"})

_SLASH_COMMAND: Final = 2


class RawCommand(Struct, frozen=True):
    """A command, typed or slash."""

    #: the first word of a typed one, in lower case
    name: str
    user_id: int
    role_ids: tuple[int, ...] = ()
    #: None for a direct message
    server_id: int | None = None


class _User(Struct):
    id: int
    bot: bool = False


class _Member(Struct):
    roles: tuple[int, ...] = ()
    user: _User | None = None


class _Data(Struct):
    name: str


class _Command(Struct):
    guild_id: int | None = None
    member: _Member | None = None


class _Slash(_Command):
    type: int = 0
    user: _User | None = None
    data: _Data | None = None


class _Typed(_Command):
    content: str = ""
    author: _User | None = None


def read_replayable(event: str, data: Mapping[str, Any], prefix: str) -> RawCommand | None:
    """Return the command in an event if a later process may carry it out; None for everything else.

    Args:
        event: the gateway's name of the type of the event.
        data: the event.
        prefix: that of typed commands.
    """
    try:
        found = _read_slash(data) if event == "INTERACTION_CREATE" else _read_typed(data, prefix)
    except msgspec.ValidationError:
        return None  # it is not Discord's, and discord.py reads it or says so
    return found if found is not None and found.name not in NEVER_REPLAYED else None


def _read_slash(data: Mapping[str, Any]) -> RawCommand | None:
    if data.get("type") != _SLASH_COMMAND:
        return None
    slash = msgspec.convert(data, _Slash, strict=False)
    user = slash.member.user if slash.member is not None else slash.user
    return _build(slash.data.name, user, slash) if slash.data is not None else None


def _read_typed(data: Mapping[str, Any], prefix: str) -> RawCommand | None:
    typed = msgspec.convert(data, _Typed, strict=False)
    words = typed.content.removeprefix(prefix).split(maxsplit=1)
    if not typed.content.startswith(prefix) or not words or typed.author is None or typed.author.bot:
        return None
    return _build(words[0].lower(), typed.author, typed)


def _build(name: str, user: _User | None, event: _Command) -> RawCommand | None:
    if user is None:
        return None
    return RawCommand(name, user.id, event.member.roles if event.member is not None else (), event.guild_id)
