"""Faults and settings, below /control: what goes wrong, how the gateway behaves, and the way back to normal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from botapp.local_discord import ids
from botapp.local_discord.api.faults import Fault, Faults
from botapp.local_discord.api.gateway import Gateway
from botapp.local_discord.api.gateway_settings import ClientFilter, GatewaySettings, read_changes
from botapp.local_discord.api.json_requests import answer_json, read_fields, read_object
from botapp.local_discord.api.sessions import PRIVILEGED_INTENTS
from botapp.local_discord.world.members import ActionRefused, Members
from botapp.local_discord.world.world import World

_SWITCHES: Final = {
    *("routes", "token", "forbid_intents", "invited", "clock_offset_s", "identifies_left", "dm_closed"),
    *("drop", "event", "frame", "delete_channel"),
    *GatewaySettings.__struct_fields__,
}


class _Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which connections are closed, and how."""

    #: break the TCP connections instead of closing them with `code`
    reset: bool = False
    code: Annotated[int, msgspec.Meta(ge=1000, le=4999)] = 4000
    #: end the sessions as well
    end: bool = False
    #: None: all connections
    clients: ClientFilter | None = None


class Switches:
    """Faults and settings. DELETE /control/faults restores the initial ones."""

    def __init__(self, world: World, members: Members, gateway: Gateway, faults: Faults) -> None:
        self._world = world
        self._members = members
        self._gateway = gateway
        self._faults = faults
        self._token = gateway.sessions.token
        self._settings = gateway.sessions.settings

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this API."""
        return [
            web.post("/control/permissions", answer_json(self._post_permissions)),
            web.post("/control/faults", answer_json(self._post_faults)),
            web.delete("/control/faults", answer_json(self._delete_faults)),
        ]

    async def _post_permissions(self, request: web.Request) -> Any:
        """Deny the bot permissions in a channel: {"channel": "toko", "deny": ["send_messages"]}."""
        given = await read_fields(request, "channel", "deny")
        channel = self._members.channel("Admin", str(given["channel"]))
        self._world.deny_bot_permissions(channel.id, [str(name) for name in given["deny"]])
        return {}

    async def _post_faults(self, request: web.Request) -> Any:
        """Change the given settings; the others keep their values. docs/reference/local-discord.md lists all."""
        given = await read_object(request)
        unknown = sorted(given.keys() - _SWITCHES)
        if unknown:
            raise ActionRefused(f"unknown field {unknown[0]!r}; known: {', '.join(sorted(_SWITCHES))}", 400)
        faults = [Fault.read(one) for one in given.get("routes", ())]
        changes = read_changes(given)
        self._apply_switches(given)
        self._gateway.sessions.configure(changes, time.monotonic())
        for fault in faults:
            self._faults.add(fault)
        if "drop" in given:
            await self._drop(given["drop"])
        if "delete_channel" in given:
            self._world.delete_channel(self._members.channel("Admin", str(given["delete_channel"])).id)
        if "event" in given:
            self._gateway.broadcast_raw(str(given["event"]["type"]), given["event"]["data"])
        if "frame" in given:
            self._gateway.send_frame(str(given["frame"]))
        return {}

    def _apply_switches(self, given: Mapping[str, Any]) -> None:
        sessions = self._gateway.sessions
        forbidden = set(given.get("forbid_intents", sessions.forbidden_intents))
        closed = given.get("dm_closed")
        if not forbidden <= PRIVILEGED_INTENTS.keys():
            raise ActionRefused(f"forbid_intents takes {', '.join(PRIVILEGED_INTENTS)}", 400)
        if closed is not None and not set(closed) <= self._world.member_ids.keys():
            raise ActionRefused(f"dm_closed takes {', '.join(ids.MEMBERS)}", 400)
        sessions.forbidden_intents = self._world.forbidden_intents = forbidden
        if closed is not None:
            self._world.closed_dms = {self._world.member_ids[name] for name in closed}
        if "invited" in given:
            self._world.invite(bool(given["invited"]))
        self._faults.clock_offset_s = float(given.get("clock_offset_s", self._faults.clock_offset_s))
        sessions.token = str(given.get("token", sessions.token))
        if "identifies_left" in given:
            left = given["identifies_left"]
            sessions.set_identifies_left(None if left is None else int(left), time.monotonic())

    async def _drop(self, given: Mapping[str, Any]) -> None:
        how = msgspec.convert(given, _Drop)
        if how.reset:
            self._gateway.reset_all(end=how.end, clients=how.clients)
        else:
            await self._gateway.close_all(how.code, "Closed on demand.", end=how.end, clients=how.clients)

    async def _delete_faults(self, request: web.Request) -> Any:
        """Restore faults, token, intents, limits, direct messages and permissions to their initial values.

        The answer has the number of faults that could still have applied: `unspent`.
        """
        unspent = len(self._faults.active)
        self._faults.clear()
        everything = {
            "token": self._token,
            "forbid_intents": [],
            "invited": True,
            "clock_offset_s": 0.0,
            "dm_closed": [],
            "identifies_left": None,
        }
        self._apply_switches(everything)
        self._gateway.sessions.configure(msgspec.structs.asdict(self._settings), time.monotonic())
        for channel_id in ids.CHANNELS.values():
            self._world.deny_bot_permissions(channel_id, [])
        return {"unspent": unspent}
