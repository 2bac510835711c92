"""Pings of a service that notices silence: which one is due, and what it says. Pure.

The service is told every minute that all is well, or what is not. When it hears nothing, because the machine, its
network or the supervisor is down, it alerts the owner. So a ping that does not arrive is never repeated early.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from supervisor.lifecycle.health import is_late, unhealthy_parts
from supervisor.lifecycle.model import DesiredState, ProgramState, State
from supervisor.locale import _, reasons
from supervisor.logs.masking import mask_secrets

#: time between two pings
INTERVAL_S: Final = 60.0
#: how long a program has to be unhealthy before the service is told: a restart is shorter
GRACE_S: Final = 15.0
MAX_REASON_CHARS: Final = 1000
#: part of the path of a push monitor of Uptime Kuma, which has parameters where healthchecks.io has paths
_PUSH: Final = "/api/push/"


class Kind(StrEnum):
    """What a ping says."""

    #: all is well
    UP = "up"
    #: something fails
    DOWN = "down"
    #: a word for the log of the service, which changes no state there where the service can do that
    NOTE = "note"


#: what healthchecks.io expects after the path of the URL
_SUFFIXES: Final = {Kind.UP: "", Kind.DOWN: "/fail", Kind.NOTE: "/log"}


class PingState(Struct, frozen=True):
    """When the next ping may be sent, and since when something fails, in seconds of `Instant.mono_s`."""

    due_s: float = 0.0
    unhealthy_since_s: float | None = None

    def observe(self, problem: str | None, now_s: float) -> PingState:
        """Return the state after a look at the programs, in which `problem` was found, or None."""
        since_s = self.unhealthy_since_s
        return PingState(self.due_s, None if problem is None else now_s if since_s is None else since_s)

    def next_s(self) -> float:
        """Return when the next ping is due."""
        return self.due_s if self.unhealthy_since_s is None else max(self.due_s, self.unhealthy_since_s + GRACE_S)

    def sent(self, now_s: float) -> PingState:
        """Return the state after a ping, whatever comes of it."""
        return PingState(now_s + INTERVAL_S, self.unhealthy_since_s)


def find_problem(programs: Mapping[str, ProgramState], now_s: float) -> str | None:
    """Return why `stocksup health` would fail, or None if it would not."""
    problems = [(name, _program_problem(state, now_s)) for name, state in programs.items()]
    text = "\n".join(f"{name}: {problem}" for name, problem in problems if problem is not None)
    return mask_secrets(text)[:MAX_REASON_CHARS] or None


def _program_problem(state: ProgramState, now_s: float) -> str | None:
    life = state.life
    if state.desired is not DesiredState.UP:
        return None
    if state.state is not State.RUNNING:
        return _("not running") if state.reason is None else reasons.describe(state.reason)
    if is_late(life.last_seen_s, state.settings.heartbeat_timeout_s, now_s):
        return _("not responding")
    health = life.health or {}
    parts = [f"{name}: {health[name].get('last_error') or _('unhealthy')}" for name in unhealthy_parts(health)]
    return "; ".join(" ".join(part.split()) for part in parts) or None


def address(url: str, kind: Kind, text: str) -> tuple[str, str | None]:
    """Return the URL to request, and the body to post; None: a GET.

    Args:
        url: of a check of healthchecks.io or of a service with the same paths, or of a push monitor of Uptime Kuma.
        kind: what the ping says.
        text: the words for people; for UP, none are needed.
    """
    parts = urlsplit(url)
    if _PUSH in parts.path:
        own = {"status": "down" if kind is Kind.DOWN else "up", "msg": text or "OK"}
        query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **own}
        return urlunsplit(parts._replace(query=urlencode(query))), None
    path = parts.path.rstrip("/") + _SUFFIXES[kind]
    return urlunsplit(parts._replace(path=path)), text or None
