"""What the bot has to be allowed, in one place: for the invite link, for `/setup` and for `stocksup check`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import discord

from botapp.locale import N_, _

#: all that the bot needs, and no more: permission of Discord, and the name people find it by
NEEDED: Final = {
    "view_channel": N_("View Channel"),
    "send_messages": N_("Send Messages"),
    "embed_links": N_("Embed Links"),
    # to find its live message again, and to answer a message by a reply
    "read_message_history": N_("Read Message History"),
}
#: what it asks for besides, and does without where it is not granted: to take away a file of stock that was uploaded
#: where members can read it
ALSO_ASKED: Final = ("manage_messages",)
#: what the bot is invited as: a member, with slash commands
SCOPES: Final = ("bot", "applications.commands")

_ROLE: Final = 0
_MEMBER: Final = 1


def needed() -> discord.Permissions:
    """Return the permissions that the bot needs."""
    return discord.Permissions(**dict.fromkeys(NEEDED, True))


def invite_link(application_id: int) -> str:
    """Return the address at which the owner of a server takes the bot in, with what it needs and asks for."""
    asked = needed() | discord.Permissions(**dict.fromkeys(ALSO_ASKED, True))
    return discord.utils.oauth_url(application_id, permissions=asked, scopes=SCOPES)


def owner_ids(application: discord.AppInfo | None) -> frozenset[int]:
    """Return the users who own the application: its owner, or the members of its team; none if it is not known."""
    if application is None:
        return frozenset()
    if application.team is not None:
        return frozenset(member.id for member in application.team.members)
    return frozenset({application.owner.id})


def missing(permissions: discord.Permissions) -> list[str]:
    """Return the names, for people, of what the bot needs and `permissions` do not grant."""
    return [_(label) for name, label in NEEDED.items() if not getattr(permissions, name)]


def in_channel(
    bot_id: int,
    guild_id: int,
    role_ids: Iterable[int],
    roles: Sequence[Mapping[str, Any]],
    overwrites: Sequence[Mapping[str, Any]],
) -> discord.Permissions:
    """Return what the bot may do in a channel, by Discord's rules; nobody but the gateway tells it outright.

    Args:
        bot_id: id of the bot's user.
        guild_id: id of the server, which is also that of the role everybody has.
        role_ids: the bot's roles there.
        roles: all roles of the server, as REST returns them.
        overwrites: `permission_overwrites` of the channel, as REST returns them.
    """
    own = {guild_id, *role_ids}
    granted = discord.Permissions.none()
    for role in roles:
        if int(role["id"]) in own:
            granted.value |= int(role["permissions"])
    if granted.administrator:
        return discord.Permissions.all()
    by_target = {(int(one["type"]), int(one["id"])): one for one in overwrites}
    of_roles = [by_target.get((_ROLE, role_id)) for role_id in own - {guild_id}]
    # everybody's first, then all roles' together, then the bot's own: the later wins
    for level in ([by_target.get((_ROLE, guild_id))], of_roles, [by_target.get((_MEMBER, bot_id))]):
        allow = deny = 0
        for one in level:
            if one is not None:
                allow |= int(one["allow"])
                deny |= int(one["deny"])
        granted.value = (granted.value & ~deny) | allow
    return granted
