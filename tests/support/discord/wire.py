"""Bare clients of the local Discord: gateway frames and REST requests, without discord.py."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from botapp.local_discord import ids
from tests.support.discord.control import DiscordControl

ALL_TALK = 1 << 0 | 1 << 9 | 1 << 15
Frame = dict[str, Any]


class Wire:
    """One connection to the gateway."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def frame(self) -> Frame:
        message = await self.socket.receive(timeout=5)
        assert message.type == aiohttp.WSMsgType.TEXT, f"closed with {self.socket.close_code}"
        frame: Frame = json.loads(message.data)
        return frame

    async def identify(self, intents: int = ALL_TALK, token: str = ids.DEFAULT_TOKEN, device: str = "") -> Frame:
        """Identify; return READY."""
        await self.send(2, {"token": token, "intents": intents, "properties": {"device": device}})
        ready = await self.frame()
        assert ready["t"] == "READY"
        assert (await self.frame())["t"] == "GUILD_CREATE"
        return ready

    async def resume(self, session_id: str, seq: int) -> None:
        await self.send(6, {"token": ids.DEFAULT_TOKEN, "session_id": session_id, "seq": seq})

    async def hears_nothing(self) -> bool:
        """Return whether nothing comes before the answer to a heartbeat."""
        await self.send(1, None)
        return bool((await self.frame())["op"] == 11)

    async def close_code(self) -> int | None:
        message = await self.socket.receive(timeout=5)
        assert message.type == aiohttp.WSMsgType.CLOSE, f"not closed but {message.data}"
        return self.socket.close_code

    async def is_cut(self) -> bool:
        """Return whether the connection breaks without a close frame."""
        return (await self.socket.receive(timeout=5)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


@asynccontextmanager
async def wire(town: DiscordControl) -> AsyncIterator[Wire]:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{town.gateway}?v=10&encoding=json") as socket:
        opened = Wire(socket)
        hello = await opened.frame()
        assert hello["op"] == 10
        assert hello["d"]["heartbeat_interval"] > 1000
        yield opened


def call(town: DiscordControl, method: str, path: str, body: Any = None) -> Frame:
    """Return the answer to a REST request of the bot."""
    return town.request(method, f"/api/v10{path}", body, {"Authorization": f"Bot {ids.DEFAULT_TOKEN}"})


def post_button(town: DiscordControl, custom_id: str) -> str:
    """Post a message with a button as the bot; return the message's id."""
    button = {"type": 2, "style": 1, "label": custom_id, "custom_id": custom_id}
    body = {"content": custom_id, "components": [{"type": 1, "components": [button]}]}
    return str(call(town, "POST", f"/channels/{ids.LIVE_CHANNEL_ID}/messages", body)["id"])


async def answer_clicks(town: DiscordControl, gateway: Wire, kind: int, *, clicks: int) -> None:
    """Answer so many interactions with a callback of this kind, as they come."""
    async with aiohttp.ClientSession() as http:
        for _ in range(clicks):
            data = (await gateway.frame())["d"]
            url = f"{town.api_base}/interactions/{data['id']}/{data['token']}/callback"
            async with http.post(url, json={"type": kind, "data": {"content": "x", "flags": 64}}) as response:
                assert response.status == 200


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def tell() -> None:
        await story()

    asyncio.run(tell())


@asynccontextmanager
async def takes_at_least(seconds: float) -> AsyncIterator[None]:
    began_s = time.monotonic()
    yield
    assert time.monotonic() - began_s >= seconds
