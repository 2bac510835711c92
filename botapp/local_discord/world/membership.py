"""What a bot that is not in the guild may not look at. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def is_inside(parts: Sequence[str], channel_ids: Collection[int]) -> bool:
    """Tell whether a REST path, in `parts`, leads into the guild whose channels have these ids."""
    return parts[0] == "guilds" or (parts[0] == "channels" and int(parts[1]) in channel_ids)
