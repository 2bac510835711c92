"""REST paths that a bot outside the guild may not use. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def is_in_guild(parts: Sequence[str], channel_ids: Collection[int]) -> bool:
    """Return whether a REST path, split into `parts`, belongs to the guild with these channels."""
    return parts[0] == "guilds" or (parts[0] == "channels" and int(parts[1]) in channel_ids)
