"""`/setup`: which channel is that of the live message, and what is said to whoever asks for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botapp.locale import _


@dataclass(frozen=True)
class SetupRequest:
    """What is known when somebody gives the command in a channel."""

    #: whether it is an admin
    admin: bool
    #: whether the live message can be in such a channel at all
    for_text: bool
    #: names, for people, of the permissions that the bot lacks there
    missing: Sequence[str]
    #: the channel that the configuration names; 0: none
    configured_id: int


def refusal(asked: SetupRequest) -> str | None:
    """Return why the channel cannot become the live channel, and what to do; None: it can."""
    if not asked.admin:
        return _("⛔ Only admins may choose the channel of the live message.")
    if asked.configured_id:
        text = _(
            "⚠️ The configuration sets the live message's channel to <#%(channel)d>. To choose it here, remove "
            "`live_channel_id` from `[bot]` in config.toml, restart the bot, then use the command again."
        )
        return text % {"channel": asked.configured_id}
    if not asked.for_text:
        return _("⚠️ The live message needs a text channel. Use the command in one.")
    if asked.missing:
        names = ", ".join(f"**{name}**" for name in asked.missing)
        text = _(
            "⚠️ I need these permissions in this channel: %(names)s. Grant them to me in the channel's settings "
            "(Permissions), then use the command again."
        )
        return text % {"names": names}
    return None


def channel_chosen() -> str:
    """Return what is said when the channel has become the live channel."""
    return _("✅ The live message is now in this channel, also after a restart.")


def not_shown(problem: str) -> str:
    """Return what is said when the channel was chosen, but the message cannot be shown yet."""
    return _("⚠️ This channel is chosen, but the live message cannot be posted yet: %s") % problem


def channel_not_saved(problem: str) -> str:
    """Return what is said when the choice could not be remembered."""
    return _("❌ Nothing was changed: %s") % problem
