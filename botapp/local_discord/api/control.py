"""The control API below /control, for the page and the tests: JSON in, JSON out."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any, Final, NoReturn

from aiohttp import web

from botapp.local_discord import ids
from botapp.local_discord.api.event_feed import EventFeed
from botapp.local_discord.api.gateway import Gateway
from botapp.local_discord.api.json_requests import answer_json, read_fields, read_number, read_upload, read_wait_s
from botapp.local_discord.api.supervisor_view import SupervisorView
from botapp.local_discord.world.interaction_log import FIRST_RESPONSE_TIMEOUT_S, summarize
from botapp.local_discord.world.members import (
    FieldValue,
    Members,
    interaction_state,
    is_acknowledged,
    is_answered,
)
from botapp.local_discord.world.world import Interaction, World

log = logging.getLogger(__name__)

_KEEPALIVE_S: Final = 15.0


class Control:
    """What members do and see, and the state of the gateway."""

    def __init__(
        self, world: World, members: Members, gateway: Gateway, feed: EventFeed, supervisor_view: SupervisorView
    ) -> None:
        self._world = world
        self._members = members
        self._gateway = gateway
        self._feed = feed
        self._supervisor_view = supervisor_view

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this API."""
        return [
            web.get("/control/world", answer_json(self._get_world)),
            web.get("/control/view", answer_json(self._get_view)),
            web.get("/control/sessions", answer_json(self._get_sessions)),
            web.get("/control/interaction/{id}", answer_json(self._get_interaction)),
            web.get("/control/interactions", answer_json(self._get_interactions)),
            web.get("/control/commands", answer_json(self._get_commands)),
            web.get("/control/supervisor", answer_json(self._get_supervisor)),
            web.get("/control/events", self._get_events),
            web.post("/control/message", answer_json(self._post_message)),
            web.post("/control/webhook", answer_json(self._post_webhook)),
            web.patch("/control/message/{id}", answer_json(self._patch_message)),
            web.delete("/control/message/{id}", answer_json(self._delete_message)),
            web.post("/control/click", answer_json(self._post_click)),
            web.post("/control/select", answer_json(self._post_select)),
            web.post("/control/modal", answer_json(self._post_modal)),
            web.post("/control/command", answer_json(self._post_command)),
            web.post("/control/complete", answer_json(self._post_complete)),
            web.post("/control/join", answer_json(self._post_join)),
            web.post("/control/language", answer_json(self._post_language)),
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
        newest = read_number(request.query["newest"]) if "newest" in request.query else None
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
            "refused_identifies": sessions.refused_identifies,
            "refused_resumes": sessions.refused_resumes,
        }

    async def _get_interaction(self, request: web.Request) -> Any:
        interaction_id = read_number(request.match_info["id"])
        over = is_acknowledged if request.query.get("until") == "ack" else is_answered
        try:
            async with asyncio.timeout(read_wait_s(request)):
                while not over(self._members.status(interaction_id)["state"]):
                    await self._feed.changed()
        except TimeoutError:
            return self._members.status(interaction_id)  # the state it is in by then is the answer
        return self._members.status(interaction_id)

    async def _get_interactions(self, request: web.Request) -> Any:
        """Return who did what with the interactions after `since`, and their numbers."""
        listed = self._world.interaction_log.since(read_number(request.query.get("since", "0")))
        return {"interactions": [one.describe() for one in listed], "summary": summarize(listed, time.time())}

    async def _get_events(self, request: web.Request) -> web.StreamResponse:
        """Stream the events after `since` (or Last-Event-ID), or from now on, as server-sent events.

        A browser that reconnects after a restart names an event of the earlier process, and gets a `gap`.
        """
        since = request.query.get("since")
        name, dot, last = request.headers.get("Last-Event-ID", "").partition(".")
        known = bool(dot) and name == self._feed.name
        seq = read_number(last) if known else self._feed.last_seq if since is None else read_number(since)
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
        said = await read_fields(request, "member", "channel", "content", "files", "reply_to")
        files = [read_upload(one) for one in said.get("files") or ()]
        message = self._members.send_message(
            str(said["member"]),
            str(said["channel"]),
            str(said["content"]),
            files=files,
            reply_to=read_number(said["reply_to"]) if said.get("reply_to") is not None else None,
        )
        return {"message_id": str(message.id)}

    async def _post_webhook(self, request: web.Request) -> Any:
        """Post `content`, `embeds` or both through the webhook `webhook`."""
        given = await read_fields(request, "webhook", "channel", "content", "embeds")
        embeds = [dict(one) for one in given.get("embeds") or ()]
        content = str(given.get("content") or "")
        message = self._members.post_webhook(str(given["webhook"]), str(given["channel"]), content, embeds)
        return {"message_id": str(message.id)}

    async def _patch_message(self, request: web.Request) -> Any:
        given = await read_fields(request, "content")
        self._members.edit(read_number(request.match_info["id"]), str(given["content"]))
        return {}

    async def _delete_message(self, request: web.Request) -> Any:
        message = self._members.message(read_number(request.match_info["id"]))
        self._world.delete_message(message.channel_id, message.id)
        return {}

    async def _post_click(self, request: web.Request) -> Any:
        given = await read_fields(request, "member", "message_id", "custom_id")
        message_id = read_number(given["message_id"])
        return self.start_interaction_timeout(
            self._members.click(str(given["member"]), message_id, str(given["custom_id"]))
        )

    async def _post_select(self, request: web.Request) -> Any:
        given = await read_fields(request, "member", "message_id", "custom_id", "values")
        message_id, values = read_number(given["message_id"]), [str(value) for value in given["values"]]
        return self.start_interaction_timeout(
            self._members.select(str(given["member"]), message_id, str(given["custom_id"]), values)
        )

    async def _post_modal(self, request: web.Request) -> Any:
        given = await read_fields(request, "member", "interaction_id", "values")
        values: dict[str, FieldValue] = {
            str(name): [str(one) for one in value] if isinstance(value, list) else str(value)
            for name, value in given["values"].items()
        }
        return self.start_interaction_timeout(
            self._members.submit(str(given["member"]), read_number(given["interaction_id"]), values)
        )

    async def _post_command(self, request: web.Request) -> Any:
        """Use a slash command. An option that takes a file is {"filename", "base64"}."""
        given = await read_fields(request, "member", "channel", "name", "options")
        options = {
            name: read_upload(value) if isinstance(value, dict) else value
            for name, value in (given["options"] or {}).items()
        }
        return self.start_interaction_timeout(
            self._members.command(str(given["member"]), str(given["channel"]), str(given["name"]), options)
        )

    async def _post_complete(self, request: web.Request) -> Any:
        """Request autocompletion of the option `focused`; the interaction's `choices` are the answer."""
        given = await read_fields(request, "member", "channel", "name", "options", "focused")
        record = self._members.complete(
            str(given["member"]),
            str(given["channel"]),
            str(given["name"]),
            given["options"] or {},
            str(given["focused"]),
        )
        return self.start_interaction_timeout(record)

    async def _post_join(self, request: web.Request) -> Any:
        """Add a member whose client has the language `language` to the guild."""
        given = {"language": "id"} | await read_fields(request, "member", "language")
        return {"member_id": str(self._members.join(str(given["member"]), str(given["language"])))}

    async def _post_language(self, request: web.Request) -> Any:
        """Set the language of a member's client, which is the `locale` of the following interactions."""
        given = await read_fields(request, "member", "language")
        self._members.set_language(str(given["member"]), str(given["language"]))
        self._feed.publish("language", member=str(given["member"]))
        return {}

    def start_interaction_timeout(self, record: Interaction) -> Any:
        """Publish when the interaction has failed, if it does; return the answer to the request that began it."""

        def publish_if_failed() -> None:
            if interaction_state(record, self._world.age_ms(record)) == "failed":
                self._feed.publish("interaction", interaction_id=str(record.id), member_id=str(record.user_id))

        # Slightly after the deadline, so that the state has certainly changed.
        asyncio.get_running_loop().call_later(FIRST_RESPONSE_TIMEOUT_S + 0.01, publish_if_failed)
        return {"interaction_id": str(record.id)}
