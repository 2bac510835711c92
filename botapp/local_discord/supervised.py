"""The local Discord as a program under the supervisor: its side of the door."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from botapp.locale import _
from botapp.runtime.log import reopen
from botapp.runtime.supervisor_link import Superseded, SupervisorLink
from supervisor.client import LifeEnvironment, Message

if TYPE_CHECKING:
    from botapp.local_discord.server import Server

_FAREWELL_TIMEOUT_S: Final = 0.5


async def live(surroundings: LifeEnvironment, server: Server, stopping: asyncio.Event) -> None:
    """Be the life that `surroundings` describe until `stopping` is set or a newer life takes over; stop `server`."""

    async def drain(request: Message) -> Message:
        # Nothing here outlives a request: it is drained at once, which is said after the answer.
        report: Message = {"drained": [], "cancelled": [], "flushed_entries": None, "steps": {}}
        asyncio.get_running_loop().call_soon(lambda: link.notify("drained", report=report))
        return {}

    link = SupervisorLink(
        surroundings,
        {"drain": drain, "reopen": _reopen},
        health=lambda: {"sessions": server.sessions_open()},
        on_connected=server.overseer.connected,
        on_event=server.overseer.heard,
    )
    server.overseer.link = link
    link.report_ready()
    knocking = asyncio.create_task(link.run())
    telling = asyncio.create_task(_tell_of_sessions(server, link))
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({knocking, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    telling.cancel()
    await server.stop()
    if knocking.done():
        try:
            knocking.result()
        except Superseded:
            logging.getLogger(__name__).info(_("a newer life has taken over"))
        return
    await link.send_goodbye(0, _("ended as asked"), timeout_s=_FAREWELL_TIMEOUT_S)
    knocking.cancel()


async def _tell_of_sessions(server: Server, link: SupervisorLink) -> None:
    """Let the supervisor know at once how many sessions there are."""
    while True:
        await server.sessions_changed()
        link.send_heartbeat()


async def give_reason(surroundings: LifeEnvironment, code: int, reason: str) -> None:
    """Tell the supervisor why this life ends before it began."""
    link = SupervisorLink(surroundings)
    knocking = asyncio.create_task(link.run())
    await link.send_goodbye(code, reason, timeout_s=_FAREWELL_TIMEOUT_S)
    knocking.cancel()


async def _reopen(request: Message) -> Message:
    reopen()
    return {}
