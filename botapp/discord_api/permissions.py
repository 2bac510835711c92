"""The permissions that the bot needs: for the invite link, `/setup` and `stocksup check`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import discord

from botapp.locale import N_, _

#: required permissions, and their names in the Discord app
REQUIRED: Final = {
    "view_channel": N_("View Channel"),
    "send_messages": N_("Send Messages"),
    "embed_links": N_("Embed Links"),
    # to find the live message again, and to reply to messages
    "read_message_history": N_("Read Message History"),
}
#: optional: to delete a stock file that was uploaded where members can read it
OPTIONAL: Final = ("manage_messages",)
#: the bot joins as a member, with slash commands
SCOPES: Final = ("bot", "applications.commands")

_ROLE: Final = 0
_MEMBER: Final = 1


def required_permissions() -> discord.Permissions:
    """Return the required permissions."""
    return discord.Permissions(**dict.fromkeys(REQUIRED, True))


def invite_link(application_id: int) -> str:
    """Return the URL at which the owner of a server invites the bot, with required and optional permissions."""
    requested = required_permissions() | discord.Permissions(**dict.fromkeys(OPTIONAL, True))
    return discord.utils.oauth_url(application_id, permissions=requested, scopes=SCOPES)


def owner_ids(application: discord.AppInfo | None) -> frozenset[int]:
    """Return the users who own the application: its owner, or the members of its team; none if it is not known."""
    if application is None:
        return frozenset()
    if application.team is not None:
        return frozenset(member.id for member in application.team.members)
    return frozenset({application.owner.id})


def missing_names(permissions: discord.Permissions) -> list[str]:
    """Return the names of the required permissions that `permissions` lack."""
    return [_(label) for name, label in REQUIRED.items() if not getattr(permissions, name)]


def compute_in_channel(
    bot_id: int,
    guild_id: int,
    role_ids: Iterable[int],
    roles: Sequence[Mapping[str, Any]],
    overwrites: Sequence[Mapping[str, Any]],
) -> discord.Permissions:
    """Compute the bot's permissions in a channel by Discord's rules: the REST API does not return them.

    Args:
        bot_id: id of the bot's user.
        guild_id: id of the server, and of its @everyone role.
        role_ids: the bot's roles in the server.
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
    by_target = {(int(entry["type"]), int(entry["id"])): entry for entry in overwrites}
    role_overwrites = [by_target.get((_ROLE, role_id)) for role_id in own - {guild_id}]
    # @everyone first, then all roles together, then the bot itself: later overwrites win
    for level in ([by_target.get((_ROLE, guild_id))], role_overwrites, [by_target.get((_MEMBER, bot_id))]):
        allow = deny = 0
        for overwrite in level:
            if overwrite is not None:
                allow |= int(overwrite["allow"])
                deny |= int(overwrite["deny"])
        granted.value = (granted.value & ~deny) | allow
    return granted
