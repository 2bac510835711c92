"""The texts of `/setup`, which chooses the channel of the live message. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botapp.locale import _


@dataclass(frozen=True)
class SetupRequest:
    """The circumstances of a `/setup` command."""

    #: whether the author is an admin
    is_admin: bool
    #: whether it is a text channel
    is_text_channel: bool
    #: names of the permissions that the bot lacks in the channel
    missing: Sequence[str]
    #: the channel of the configuration; 0 if none
    configured_id: int


def refusal(request: SetupRequest) -> str | None:
    """Return why the channel cannot be chosen and what to do, or None if it can."""
    if not request.is_admin:
        return _("⛔ Only admins may choose the channel of the live message.")
    if request.configured_id:
        text = _(
            "⚠️ The configuration sets the live message's channel to <#%(channel)d>. To choose it here, remove "
            "`live_channel_id` from `[bot]` in config.toml, restart the bot, then use the command again."
        )
        return text % {"channel": request.configured_id}
    if not request.is_text_channel:
        return _("⚠️ The live message needs a text channel. Use the command in one.")
    if request.missing:
        names = ", ".join(f"**{name}**" for name in request.missing)
        text = _(
            "⚠️ I need these permissions in this channel: %(names)s. Grant them to me in the channel's settings "
            "(Permissions), then use the command again."
        )
        return text % {"names": names}
    return None


def channel_chosen() -> str:
    """Return the answer after the channel was chosen."""
    return _("✅ The live message is now in this channel, also after a restart.")


def not_shown(problem: str) -> str:
    """Return the answer if the channel was chosen but the message cannot be posted yet."""
    return _("⚠️ This channel is chosen, but the live message cannot be posted yet: %s") % problem


def channel_not_saved(problem: str) -> str:
    """Return the answer if the choice could not be saved."""
    return _("❌ Nothing was changed: %s") % problem
