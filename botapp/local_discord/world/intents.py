"""Filter events by a gateway session's intents, and answer requests for members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from discord import Intents
from simcord import intents as simcord_intents
from simcord.backend import serializers

from botapp.local_discord import ids
from botapp.local_discord.world.world import World


def filter_event(world: World, intents_value: int, event: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Return a copy of `payload` for a session with these intents; None if it does not receive the event."""
    if not world.invited and "guild_id" in payload:
        return None
    intents = Intents.none()
    intents.value = intents_value
    gate = simcord_intents.required_intent(event, payload)
    if gate is not None and not getattr(intents, gate):
        return None
    seen = dict(payload)
    if event == "GUILD_CREATE":
        simcord_intents.prune_guild_create(seen, intents, ids.BOT_ID)
    if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and not intents.message_content:
        if isinstance(seen.get("referenced_message"), dict):
            seen["referenced_message"] = dict(seen["referenced_message"])
        simcord_intents.censor_message(seen, ids.BOT_ID, backend=world)
    return seen


def build_members_chunk(world: World, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload of GUILD_MEMBERS_CHUNK with the members that `query` asks for."""
    guild = world.get_guild(int(query["guild_id"]))
    wanted = query.get("user_ids")
    if wanted:
        user_ids = {int(wanted)} if isinstance(wanted, str | int) else {int(one) for one in wanted}
        members = [member for member in guild.members.values() if member.user_id in user_ids]
    else:
        prefix = str(query.get("query") or "").lower()
        members = [m for m in guild.members.values() if world.users[m.user_id].name.lower().startswith(prefix)]
    return {
        "guild_id": str(guild.id),
        "members": [dict(serializers.member_payload(world, guild, member)) for member in members],
        "chunk_index": 0,
        "chunk_count": 1,
        "nonce": query.get("nonce"),
        **({"presences": []} if query.get("presences") else {}),
    }
