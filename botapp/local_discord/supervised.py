"""Run the local Discord as a program of the supervisor."""

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

GOODBYE_TIMEOUT_S: Final = 0.5


async def run_supervised(environment: LifeEnvironment, server: Server, stopping: asyncio.Event) -> None:
    """Serve as the life in `environment` until `stopping` is set or a newer life takes over; then stop `server`."""

    async def drain(request: Message) -> Message:
        # No work here outlives a request, so the drain is over at once; `drained` follows the answer.
        report: Message = {"drained": [], "cancelled": [], "flushed_entries": None, "steps": {}}
        asyncio.get_running_loop().call_soon(lambda: link.notify("drained", report=report))
        return {}

    link = SupervisorLink(
        environment,
        {"drain": drain, "reopen": _reopen},
        health=lambda: {"sessions": server.count_open_sessions()},
        on_connected=server.supervisor_view.on_connected,
        on_event=server.supervisor_view.on_event,
    )
    server.supervisor_view.link = link
    link.report_ready()
    connection_task = asyncio.create_task(link.run())
    report_task = asyncio.create_task(_report_sessions(server, link))
    stop_task = asyncio.create_task(stopping.wait())
    await asyncio.wait({connection_task, stop_task}, return_when=asyncio.FIRST_COMPLETED)
    stop_task.cancel()
    report_task.cancel()
    await server.stop()
    if connection_task.done():
        try:
            connection_task.result()
        except Superseded:
            logging.getLogger(__name__).info(_("a newer process has taken over"))
        return
    await link.send_goodbye(0, _("ended as requested"), timeout_s=GOODBYE_TIMEOUT_S)
    connection_task.cancel()


async def _report_sessions(server: Server, link: SupervisorLink) -> None:
    """Send a heartbeat at once when the number of sessions changes."""
    while True:
        await server.wait_for_session_change()
        link.send_heartbeat()


async def _reopen(request: Message) -> Message:
    reopen()
    return {}
