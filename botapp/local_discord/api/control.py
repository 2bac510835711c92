"""The control API below /control, for the page and the tests: JSON in, JSON out."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NoReturn

from aiohttp import web

from botapp.local_discord import ids
from botapp.local_discord.api.event_feed import EventFeed
from botapp.local_discord.api.faults import Fault, Faults, InvalidFault
from botapp.local_discord.api.gateway import Gateway
from botapp.local_discord.api.sessions import IDENTIFIES_PER_DAY, PRIVILEGED_INTENTS
from botapp.local_discord.api.supervisor_view import SupervisorView
from botapp.local_discord.world.members import (
    ActionRefused,
    FieldValue,
    Members,
    interaction_state,
    is_acknowledged,
    is_answered,
)
from botapp.local_discord.world.world import FIRST_RESPONSE_TIMEOUT_S, BackendError, Interaction, Upload, World

log = logging.getLogger(__name__)

_MAX_WAIT_S: Final = 60.0
_MAX_FILENAME: Final = 200
_KEEPALIVE_S: Final = 15.0
_SWITCHES: Final = {
    "routes",
    "token",
    "forbid_intents",
    "invited",
    "clock_offset_s",
    "identify_limit",
    "identify_budget",
    "dm_closed",
    "refuse_gateway",
    "drop",
    "event",
    "frame",
    "delete_channel",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The control API. `identify_limit` is the initial setting, which DELETE /control/faults restores."""

    def __init__(
        self,
        world: World,
        members: Members,
        gateway: Gateway,
        faults: Faults,
        feed: EventFeed,
        supervisor_view: SupervisorView,
        *,
        identify_limit: bool,
    ) -> None:
        self._world = world
        self._members = members
        self._gateway = gateway
        self._faults = faults
        self._feed = feed
        self._supervisor_view = supervisor_view
        self._token = gateway.sessions.token
        self._identify_limit = identify_limit

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this API."""
        return [
            web.get("/control/world", _json(self._get_world)),
            web.get("/control/view", _json(self._get_view)),
            web.get("/control/sessions", _json(self._get_sessions)),
            web.get("/control/interaction/{id}", _json(self._get_interaction)),
            web.get("/control/commands", _json(self._get_commands)),
            web.get("/control/supervisor", _json(self._get_supervisor)),
            web.get("/control/events", self._get_events),
            web.post("/control/message", _json(self._post_message)),
            web.post("/control/webhook", _json(self._post_webhook)),
            web.patch("/control/message/{id}", _json(self._patch_message)),
            web.delete("/control/message/{id}", _json(self._delete_message)),
            web.post("/control/click", _json(self._post_click)),
            web.post("/control/select", _json(self._post_select)),
            web.post("/control/modal", _json(self._post_modal)),
            web.post("/control/command", _json(self._post_command)),
            web.post("/control/complete", _json(self._post_complete)),
            web.post("/control/join", _json(self._post_join)),
            web.post("/control/language", _json(self._post_language)),
            web.post("/control/permissions", _json(self._post_permissions)),
            web.post("/control/faults", _json(self._post_faults)),
            web.delete("/control/faults", _json(self._delete_faults)),
        ]

    # --------------------------------------------------------------------- reading

    async def _get_world(self, request: web.Request) -> Any:
        commands = [dict(one) for scope in self._world.commands.values() for one in scope.values()]
        return {
            "guild": {"id": str(ids.GUILD_ID), "name": ids.GUILD_NAME},
            "bot": {"id": str(ids.BOT_ID), "name": ids.BOT_NAME},
            "members": [
                {
                    "id": str(member_id),
                    "name": name,
                    "language": self._members.language(name),
                    "dm_id": str(self._members.channel(name, "dm").id),
                }
                for name, member_id in ids.MEMBERS.items()
            ],
            "admin_id": str(ids.ADMIN_ID),
            "languages": ids.LANGUAGES,
            "channels": [
                {"id": str(channel_id), "name": name, "members": self._members.list_viewers(channel_id)}
                for name, channel_id in ids.CHANNELS.items()
            ],
            "commands": [{"name": one["name"], "description": one["description"]} for one in commands],
            "last_seq": self._feed.last_seq,
        }

    async def _get_view(self, request: web.Request) -> Any:
        member, channel = request.query.get("member", ""), request.query.get("channel", "toko")
        newest = _number(request.query["newest"]) if "newest" in request.query else None
        return {"messages": self._members.view(member, channel, newest=newest), "last_seq": self._feed.last_seq}

    async def _get_commands(self, request: web.Request) -> Any:
        member, channel = request.query.get("member", ""), request.query.get("channel", "toko")
        return {"commands": self._members.commands(member, channel)}

    async def _get_supervisor(self, request: web.Request) -> Any:
        return await self._supervisor_view.fetch()

    async def _get_sessions(self, request: web.Request) -> Any:
        sessions = self._gateway.sessions
        return {
            "sessions": self._gateway.snapshot(),
            "identifies": sessions.identifies,
            "resumes": sessions.resumes,
        }

    async def _get_interaction(self, request: web.Request) -> Any:
        interaction_id = _number(request.match_info["id"])
        wait_s = min(float(request.query.get("wait_s", "0")), _MAX_WAIT_S)
        over = is_acknowledged if request.query.get("until") == "ack" else is_answered
        try:
            async with asyncio.timeout(wait_s):
                while not over(self._members.status(interaction_id)["state"]):
                    await self._feed.changed()
        except TimeoutError:
            return self._members.status(interaction_id)  # the state it is in by then is the answer
        return self._members.status(interaction_id)

    async def _get_events(self, request: web.Request) -> web.StreamResponse:
        """Stream the events after `since` (or Last-Event-ID), or from now on, as server-sent events.

        A browser that reconnects after a restart names an event of the earlier process, and gets a `gap`.
        """
        since = request.query.get("since")
        name, dot, last = request.headers.get("Last-Event-ID", "").partition(".")
        known = bool(dot) and name == self._feed.name
        seq = _number(last) if known else self._feed.last_seq if since is None else _number(since)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        try:
            await response.write(b": open\nretry: 1000\n\n")
            if dot and not known:
                await response.write(b'data: {"type": "gap"}\n\n')
            await self._stream(response, seq)
        except ConnectionError:
            log.debug("event stream: client disconnected")
        return response

    async def _stream(self, response: web.StreamResponse, seq: int) -> NoReturn:
        """Write the events after `seq` as they occur. Raises ConnectionError when the client disconnects."""
        while True:
            events = self._feed.since(seq)
            for event in events:
                await response.write(f"id: {self._feed.name}.{event['seq']}\ndata: {json.dumps(event)}\n\n".encode())
                seq = event["seq"]
            if events:
                continue
            try:
                async with asyncio.timeout(_KEEPALIVE_S):
                    await self._feed.changed()
            except TimeoutError:
                await response.write(b": keepalive\n\n")

    # ------------------------------------------------------------------------ acting

    async def _post_message(self, request: web.Request) -> Any:
        """Send a message. `files`: a list of {"filename", "base64"}; `reply_to`: the id of the answered message."""
        said = await _read_fields(request, "member", "channel", "content", "files", "reply_to")
        files = [_upload(one) for one in said.get("files") or ()]
        message = self._members.send_message(
            str(said["member"]),
            str(said["channel"]),
            str(said["content"]),
            files=files,
            reply_to=_number(said["reply_to"]) if said.get("reply_to") is not None else None,
        )
        return {"message_id": str(message.id)}

    async def _post_webhook(self, request: web.Request) -> Any:
        """Post `content`, `embeds` or both through the webhook `webhook`."""
        given = await _read_fields(request, "webhook", "channel", "content", "embeds")
        embeds = [dict(one) for one in given.get("embeds") or ()]
        content = str(given.get("content") or "")
        message = self._members.post_webhook(str(given["webhook"]), str(given["channel"]), content, embeds)
        return {"message_id": str(message.id)}

    async def _patch_message(self, request: web.Request) -> Any:
        given = await _read_fields(request, "content")
        self._members.edit(_number(request.match_info["id"]), str(given["content"]))
        return {}

    async def _delete_message(self, request: web.Request) -> Any:
        message = self._members.message(_number(request.match_info["id"]))
        self._world.delete_message(message.channel_id, message.id)
        return {}

    async def _post_click(self, request: web.Request) -> Any:
        given = await _read_fields(request, "member", "message_id", "custom_id")
        message_id = _number(given["message_id"])
        return self._start_interaction_timeout(
            self._members.click(str(given["member"]), message_id, str(given["custom_id"]))
        )

    async def _post_select(self, request: web.Request) -> Any:
        given = await _read_fields(request, "member", "message_id", "custom_id", "values")
        message_id, values = _number(given["message_id"]), [str(value) for value in given["values"]]
        return self._start_interaction_timeout(
            self._members.select(str(given["member"]), message_id, str(given["custom_id"]), values)
        )

    async def _post_modal(self, request: web.Request) -> Any:
        given = await _read_fields(request, "member", "interaction_id", "values")
        values: dict[str, FieldValue] = {
            str(name): [str(one) for one in value] if isinstance(value, list) else str(value)
            for name, value in given["values"].items()
        }
        return self._start_interaction_timeout(
            self._members.submit(str(given["member"]), _number(given["interaction_id"]), values)
        )

    async def _post_command(self, request: web.Request) -> Any:
        """Use a slash command. An option that takes a file is {"filename", "base64"}."""
        given = await _read_fields(request, "member", "channel", "name", "options")
        options = {
            name: _upload(value) if isinstance(value, dict) else value
            for name, value in (given["options"] or {}).items()
        }
        return self._start_interaction_timeout(
            self._members.command(str(given["member"]), str(given["channel"]), str(given["name"]), options)
        )

    async def _post_complete(self, request: web.Request) -> Any:
        """Request autocompletion of the option `focused`; the interaction's `choices` are the answer."""
        given = await _read_fields(request, "member", "channel", "name", "options", "focused")
        record = self._members.complete(
            str(given["member"]),
            str(given["channel"]),
            str(given["name"]),
            given["options"] or {},
            str(given["focused"]),
        )
        return self._start_interaction_timeout(record)

    async def _post_join(self, request: web.Request) -> Any:
        """Add a member whose client has the language `language` to the guild."""
        given = {"language": "id"} | await _read_fields(request, "member", "language")
        return {"member_id": str(self._members.join(str(given["member"]), str(given["language"])))}

    async def _post_language(self, request: web.Request) -> Any:
        """Set the language of a member's client, which is the `locale` of the following interactions."""
        given = await _read_fields(request, "member", "language")
        self._members.set_language(str(given["member"]), str(given["language"]))
        self._feed.publish("language", member=str(given["member"]))
        return {}

    def _start_interaction_timeout(self, record: Interaction) -> Any:
        def publish_if_failed() -> None:
            if interaction_state(record, self._world.age_ms(record)) == "failed":
                self._feed.publish("interaction", interaction_id=str(record.id), member_id=str(record.user_id))

        # Slightly after the deadline, so that the state has certainly changed.
        asyncio.get_running_loop().call_later(FIRST_RESPONSE_TIMEOUT_S + 0.01, publish_if_failed)
        return {"interaction_id": str(record.id)}

    # --------------------------------------------------------------------- switches

    async def _post_permissions(self, request: web.Request) -> Any:
        """Deny the bot permissions in a channel: {"channel": "toko", "deny": ["send_messages"]}."""
        given = await _read_fields(request, "channel", "deny")
        channel = self._members.channel("Admin", str(given["channel"]))
        self._world.deny_bot_permissions(channel.id, [str(name) for name in given["deny"]])
        return {}

    async def _post_faults(self, request: web.Request) -> Any:
        """Change the given settings; the others keep their values.

        `routes`: faults to add; `token`: the token that is valid from now on; `forbid_intents`: privileged intents
        that the application may not use; `invited`: whether the bot is in the guild; `clock_offset_s`: offset of the
        Date header of REST answers; `identify_limit`: one IDENTIFY per 5 s; `identify_budget`: IDENTIFYs a day;
        `dm_closed`: names of members who accept no direct messages; `refuse_gateway`: whether new gateway connections
        are refused; `drop`: close all gateway connections, with {"reset": true} or {"code": 4000}, plus "end": true to
        end the sessions; `event`: send an event of any form to all sessions, as {"type": …, "data": …}; `frame`: send
        this text to all connections; `delete_channel`: delete a channel for good.
        """
        given = await _read_object(request)
        unknown = sorted(given.keys() - _SWITCHES)
        if unknown:
            raise ActionRefused(f"unknown field {unknown[0]!r}; known: {', '.join(sorted(_SWITCHES))}", 400)
        faults = [Fault.read(one) for one in given.get("routes", ())]
        self._apply_switches(given)
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
        self._gateway.refusing = bool(given.get("refuse_gateway", self._gateway.refusing))
        self._faults.clock_offset_s = float(given.get("clock_offset_s", self._faults.clock_offset_s))
        sessions.token = str(given.get("token", sessions.token))
        sessions.identify_limit = bool(given.get("identify_limit", sessions.identify_limit))
        sessions.identify_budget = int(given.get("identify_budget", sessions.identify_budget))

    async def _drop(self, how: Mapping[str, Any]) -> None:
        if how.get("reset"):
            self._gateway.reset_all(end=bool(how.get("end")))
            return
        await self._gateway.close_all(int(how["code"]), "Closed on demand.", end=bool(how.get("end")))

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
            "identify_limit": self._identify_limit,
            "identify_budget": IDENTIFIES_PER_DAY,
            "dm_closed": [],
            "refuse_gateway": False,
        }
        self._apply_switches(everything)
        for channel_id in ids.CHANNELS.values():
            self._world.deny_bot_permissions(channel_id, [])
        return {"unspent": unspent}


def _json(handler: Callable[[web.Request], Awaitable[Any]]) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await handler(request))
        except ActionRefused as refusal:
            return _refuse(refusal.status, str(refusal))
        except BackendError as refusal:
            return _refuse(refusal.status, refusal.message)
        except InvalidFault as error:
            return _refuse(400, str(error))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("invalid request %s %s", request.method, request.path, exc_info=True)
            return _refuse(400, f"invalid request: {error!r}")

    return answer


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)


def _upload(described: Mapping[str, Any]) -> Upload:
    data = base64.b64decode(described["base64"], validate=True)
    return Upload(_filename(described["filename"]), io.BytesIO(data))


def _filename(text: Any) -> str:
    name = str(text)
    if not 0 < len(name) <= _MAX_FILENAME or any(char in "/\\" or not char.isprintable() for char in name):
        raise ActionRefused(f"not a file name: {name[:50]!r}", 400)
    return name


def _number(text: Any) -> int:
    if not (isinstance(text, int | str) and str(text).isascii() and str(text).isdecimal() and len(str(text)) <= 20):
        raise ActionRefused(f"not an id: {text!r}", 400)
    return int(text)


async def _read_object(request: web.Request) -> dict[str, Any]:
    given = json.loads(await request.read() or b"{}")
    if not isinstance(given, dict):
        raise ActionRefused("the body must be a JSON object", 400)
    return given


async def _read_fields(request: web.Request, *names: str) -> dict[str, Any]:
    given = await _read_object(request)
    unknown = sorted(given.keys() - set(names))
    if unknown:
        raise ActionRefused(f"unknown field {unknown[0]!r}; known: {', '.join(names)}", 400)
    return {"channel": "toko", "options": None} | given
