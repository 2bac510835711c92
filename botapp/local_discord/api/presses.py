"""Steady clicks, below /control/press: a member clicks a button so many times a second, and the answers are counted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from botapp.local_discord.api.event_feed import EventFeed
from botapp.local_discord.api.json_requests import answer_json, read_number, read_object, read_wait_s
from botapp.local_discord.world.interaction_log import LoggedInteraction, summarize
from botapp.local_discord.world.members import ActionRefused, Members
from botapp.local_discord.world.world import BackendError, Interaction, World

log = logging.getLogger(__name__)

#: clicks of one press
MAX_CLICKS: Final = 30_000
_KEPT_PRESSES: Final = 8


class PressOrder(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is clicked, by whom, how often."""

    member: str
    custom_id: str
    channel: str = "toko"
    rate_per_s: Annotated[float, Meta(gt=0, le=500)] = 50.0
    #: clicks after which the press ends
    count: Annotated[int, Meta(ge=1, le=MAX_CLICKS)] = MAX_CLICKS


@dataclass
class _Press:
    order: PressOrder
    #: the message with the button
    message_id: int
    task: asyncio.Task[None] | None = None
    clicked: list[LoggedInteraction] = field(default_factory=list)
    #: the clicks that are not over yet
    open: list[LoggedInteraction] = field(default_factory=list)
    #: clicks that the member could not do, and why the last of them failed
    refused: int = 0
    problem: str | None = None

    def is_over(self, now_s: float) -> bool:
        """Return whether the clicks have ended, and each has failed or is finished."""
        if self.task is not None and not self.task.done():
            return False
        self.open = [one for one in self.open if one.is_open(now_s)]
        return not self.open


class Presses:
    """The last presses. `start_timeout` is called with each interaction."""

    def __init__(
        self, world: World, members: Members, feed: EventFeed, start_timeout: Callable[[Interaction], object]
    ) -> None:
        self._world = world
        self._members = members
        self._feed = feed
        self._start_timeout = start_timeout
        self._presses: dict[int, _Press] = {}
        self._last_id = 0

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this API."""
        return [
            web.post("/control/press", answer_json(self._post_press)),
            web.get("/control/press/{id}", answer_json(self._get_press)),
            web.delete("/control/press/{id}", answer_json(self._delete_press)),
        ]

    def stop_all(self) -> None:
        """End all clicks."""
        for press in self._presses.values():
            _stop(press)

    async def _post_press(self, request: web.Request) -> Any:
        """Start to click. The button is searched again when its message has disappeared."""
        order = msgspec.convert(await read_object(request), PressOrder)
        message = self._members.find_button(order.member, order.channel, order.custom_id)
        while len(self._presses) >= _KEPT_PRESSES:
            _stop(self._presses.pop(next(iter(self._presses))))
        self._last_id += 1
        press = self._presses[self._last_id] = _Press(order, message.id)
        press.task = asyncio.create_task(self._click_steadily(press))
        press.task.add_done_callback(_log_failure)
        return {"press_id": str(self._last_id)}

    async def _get_press(self, request: web.Request) -> Any:
        """Return the numbers of a press; with `wait_s`, wait until each click has failed or is finished."""
        press = self._find(request)
        try:
            async with asyncio.timeout(read_wait_s(request)):
                while not press.is_over(time.time()):
                    await self._feed.changed()
        except TimeoutError:
            return _describe(press)  # the numbers by then are the answer
        return _describe(press)

    async def _delete_press(self, request: web.Request) -> Any:
        """End the clicks."""
        press = self._find(request)
        _stop(press)
        if press.task is not None:
            await asyncio.wait([press.task])
        return _describe(press)

    def _find(self, request: web.Request) -> _Press:
        press = self._presses.get(read_number(request.match_info["id"]))
        if press is None:
            raise ActionRefused(f"no press {request.match_info['id']} is known", 404)
        return press

    async def _click_steadily(self, press: _Press) -> None:
        loop, order = asyncio.get_running_loop(), press.order
        began_s = loop.time()
        for number in range(order.count):
            await asyncio.sleep(max(0.0, began_s + number / order.rate_per_s - loop.time()))
            try:
                record = self._click(press)
            except (ActionRefused, BackendError) as refusal:
                press.refused += 1
                press.problem = str(refusal)
                continue
            self._start_timeout(record)
            logged = self._world.interaction_log.find(record.id)
            if logged is not None:
                press.clicked.append(logged)
                press.open.append(logged)
        self._feed.publish("press")

    def _click(self, press: _Press) -> Interaction:
        """Click once, in the known message or in the newest one with the button."""
        order = press.order
        try:
            return self._members.click(order.member, press.message_id, order.custom_id)
        except ActionRefused:
            press.message_id = self._members.find_button(order.member, order.channel, order.custom_id).id
            return self._members.click(order.member, press.message_id, order.custom_id)


def _stop(press: _Press) -> None:
    if press.task is not None:
        press.task.cancel()


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("press: ended by an error", exc_info=error)


def _describe(press: _Press) -> dict[str, Any]:
    running = press.task is not None and not press.task.done()
    numbers = summarize(press.clicked, time.time())
    return {"running": running, "refused": press.refused, "problem": press.problem, **numbers}
