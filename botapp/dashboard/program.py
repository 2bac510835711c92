"""Runs the dashboard: creates its parts, connects them, and serves until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import resource
import secrets
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from aiohttp import web

from botapp.config.settings import Dashboard, Settings
from botapp.dashboard.figures.collector import Collector
from botapp.dashboard.figures.history import History
from botapp.dashboard.figures.machine import MachineSampler
from botapp.dashboard.figures.shop_access import ShopAccess
from botapp.dashboard.web.metrics import Metrics
from botapp.dashboard.web.server import Server
from botapp.locale import _
from botapp.runtime.log import reopen
from botapp.runtime.private_files import read_regular_file, write_file
from botapp.runtime.supervisor_link import Superseded, SupervisorLink
from supervisor.client import LifeEnvironment, Message

log = logging.getLogger(__name__)

HISTORY_NAME: Final = "history.db"
TOKEN_NAME: Final = "metrics_token"
GOODBYE_TIMEOUT_S: Final = 0.5
#: descriptors of this process: a flood of connections ends here, not in the memory of the machine
MAX_DESCRIPTORS: Final = 256
_BACKLOG: Final = 64
_MAX_TOKEN_BYTES: Final = 200


def open_listener(place: Dashboard) -> socket.socket:
    """Return a socket that listens at `place`. Raises OSError."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((place.host, place.port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def read_metrics_token(directory: Path) -> str:
    """Return the bearer token for `/metrics`; create its file if it is missing or empty. Raises OSError."""
    path = directory / TOKEN_NAME
    with suppress(FileNotFoundError):
        if token := read_regular_file(path, _MAX_TOKEN_BYTES).decode(errors="replace").strip():
            return token
    token = secrets.token_urlsafe(32)
    write_file(path, f"{token}\n".encode())
    return token


async def serve(settings: Settings, listening: socket.socket, environment: LifeEnvironment) -> None:
    """Serve on `listening` as the life in `environment`, until SIGTERM or until a newer life takes over.

    Raises OSError when the files in its directory cannot be used.
    """
    _limit_descriptors()
    # reads the files of the page; more threads would only take memory
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1, thread_name_prefix="files"))
    directory, retention_days = settings.dashboard_dir, settings.dashboard.retention_days
    history = History(directory / HISTORY_NAME, retention_days)
    collector = Collector(history, MachineSampler(directory), retention_days)
    shop = ShopAccess(settings)
    metrics = Metrics(collector, shop, read_metrics_token(directory))
    collector.on_restart = metrics.record_restart
    server = Server(settings, collector, history, shop, metrics)
    await server.runner.setup()

    async def drain(request: Message) -> Message:
        # no work outlives a request, so the drain is over at once; `drained` follows the answer
        report: Message = {"drained": [], "cancelled": [], "flushed_entries": None}
        asyncio.get_running_loop().call_soon(lambda: link.notify("drained", report=report))
        return {}

    link = SupervisorLink(
        environment,
        {"drain": drain, "reopen": _reopen},
        health=lambda: dict(collector.health()),
        on_connected=collector.on_connected,
        on_event=collector.on_event,
    )
    collector.link = link
    try:
        await web.SockSite(server.runner, listening).start()
        log.info(_("dashboard: %s"), settings.dashboard.url)
        link.report_ready()
        await _run_until_stopped(link, collector)
    finally:
        await server.runner.cleanup()
        collector.close()
        shop.close()


async def _run_until_stopped(link: SupervisorLink, collector: Collector) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    tasks = {asyncio.create_task(work) for work in (link.run(), collector.run(), stopping.wait())}
    done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    try:
        for task in done:
            task.result()
    except Superseded:
        log.info(_("a newer process has taken over"))
    else:
        await link.send_goodbye(0, _("ended as requested"), timeout_s=GOODBYE_TIMEOUT_S)
    finally:
        for task in running:
            task.cancel()


async def _reopen(request: Message) -> Message:
    reopen()
    return {}


def _limit_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft > MAX_DESCRIPTORS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_DESCRIPTORS, hard))
