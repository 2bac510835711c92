"""An interaction that a dead process has deferred: what is sent can be sent again without a second answer."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from botapp.discord_api import http_calls
from botapp.discord_api.answers import ALREADY_ACKNOWLEDGED

TOKEN = "abc"


def _json(body: bytes, status: int) -> web.Response:
    # without a character set, as Discord answers
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json"})


async def _answer(*, was_acknowledged: bool, deferral: int, messages: int) -> list[tuple[str, str]]:
    """Defer an interaction, and send messages; return the calls after that."""
    calls: list[tuple[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        if request.path.endswith("/callback"):
            refusal = b'{"code": %d, "message": "already acknowledged"}' % ALREADY_ACKNOWLEDGED
            return _json(refusal, 400) if was_acknowledged else web.Response(status=204)
        calls.append((request.method, request.path.removeprefix(f"/webhooks/77/{TOKEN}")))
        return _json(b'{"id": "1", "channel_id": "2"}', 200)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        discord.http.Route.BASE = str(server.make_url("")).rstrip("/")
        kind: Any = http_calls.DiscordWebhooks
        adapter = kind()
        await adapter.create_interaction_response(
            5, TOKEN, session=session, params=discord.webhook.async_.interaction_response_params(deferral)
        )
        for number in range(messages):
            payload = {"content": str(number), "flags": 64}
            await adapter.execute_webhook(77, TOKEN, session=session, payload=payload, wait=True)
    return calls


@pytest.mark.parametrize(
    ("was_acknowledged", "deferral", "first"),
    [(True, 5, ("PATCH", "/messages/@original")), (False, 5, ("POST", "")), (True, 6, ("POST", ""))],
)
def test_the_first_message_replaces_what_a_dead_process_has_shown(
    monkeypatch: pytest.MonkeyPatch, was_acknowledged: bool, deferral: int, first: tuple[str, str]
) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)

    def run() -> list[tuple[str, str]]:
        http_calls.replayed_application.set(77)
        return asyncio.run(_answer(was_acknowledged=was_acknowledged, deferral=deferral, messages=2))

    assert copy_context().run(run) == [first, ("POST", "")]
