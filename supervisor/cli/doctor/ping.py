"""Check that the service which notices silence takes a ping."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from supervisor.cli.doctor import Finding
from supervisor.config.settings import Settings
from supervisor.locale import _


def check(settings: Settings) -> Iterator[Finding]:
    """Send a word to `[alerts] ping_url`, if there is one."""
    if not settings.alerts.ping_url:
        return
    name = _("ping of %(name)s")
    problem = _send(settings)
    text = _("%(why)s; correct [alerts] ping_url, or the connection to the internet")
    from supervisor.alerts.urls import redacted_name

    finding = name % {"name": redacted_name(settings.alerts.ping_url)}
    yield Finding("ping", finding, None if problem is None else text % {"why": problem})


def _send(settings: Settings) -> str | None:
    """Send a word; return why it was not received, or None."""
    import msgspec

    from supervisor.alerts import pinger, pings
    from supervisor.alerts.dispatcher import sender_environ
    from supervisor.alerts.messages import PingRequest, PingResult

    # a note says nothing about the shop, which may be down while it is checked
    address = pings.address(settings.alerts.ping_url, pings.Kind.NOTE, _("stocksup check has tried this URL"))
    try:
        output = subprocess.run(
            pinger.COMMAND,
            input=msgspec.json.encode(PingRequest(settings.language, *address)),
            env=sender_environ(os.environ),
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=pinger.PROCESS_TIMEOUT_S,
            check=False,
        ).stdout
        return msgspec.json.decode(output, type=PingResult).problem
    except (subprocess.TimeoutExpired, msgspec.DecodeError):
        return _("the sender exited without a result")
