"""Notify the service manager (sd_notify(3)). Decisions are pure; `SystemdNotifier` and `NotifySocket` only send.

There is no thread that pings: the loop says that it is alive by the same way it says everything else, so a loop that
hangs is silent, and the watchdog ends it.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from supervisor.lifecycle.model import Instant, ProgramState

#: how often the end of a long shutdown is put off, and for how long each time, in seconds
EXTEND_EVERY_S: Final = 10.0
EXTEND_S: Final = 30.0
#: when to try again after a message could not be sent, in seconds
RETRY_S: Final = 1.0
#: variables that are meant for this process alone
_ADDRESSED_TO_US: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class NotifyState(Struct, frozen=True, kw_only=True):
    """What the service manager has been told so far, and when it is to hear from us again (`Instant.mono_s`)."""

    ready: bool = False
    status: str = ""
    stopping: bool = False
    #: when the next sign of life is due; None: none is wanted
    ping_s: float | None = None
    #: when the shutdown is to be put off again; None: there is none
    extend_s: float | None = None
    #: when to try again after what could not be sent; None: all was sent
    retry_s: float | None = None


def news(
    said: NotifyState, programs: Mapping[str, ProgramState], *, leaving: bool, watchdog_s: float | None, mono_s: float
) -> tuple[NotifyState, list[str]]:
    """Return what has been told once these lines are sent, and the lines; none when there is no news. Pure.

    Args:
        said: what has been told.
        programs: what is known of each program.
        leaving: whether the supervisor is shutting down.
        watchdog_s: seconds of silence after which the service manager ends us; None: it does not.
        mono_s: the time, as in `Instant.mono_s`.
    """
    if said.retry_s is not None and mono_s < said.retry_s:
        return said, []
    lines = []
    if not said.ready:
        lines.append("READY=1")
    if leaving and not said.stopping:
        lines.append("STOPPING=1")
    if (status := status_of(programs)) != said.status:
        lines.append(f"STATUS={status}")
    ping_s, extend_s = said.ping_s, said.extend_s
    if watchdog_s is not None and (ping_s is None or ping_s <= mono_s):
        lines.append("WATCHDOG=1")
        ping_s = mono_s + watchdog_s / 2
    if leaving and (extend_s is None or extend_s <= mono_s):
        lines.append(f"EXTEND_TIMEOUT_USEC={int(EXTEND_S * 1_000_000)}")
        extend_s = mono_s + EXTEND_EVERY_S
    told = NotifyState(ready=True, status=status, stopping=leaving, ping_s=ping_s, extend_s=extend_s)
    return told, lines


def unheard(said: NotifyState, mono_s: float) -> NotifyState:
    """Return `said` after a message could not be sent: all of it is said again, a little later. Pure."""
    return replace(said, retry_s=mono_s + RETRY_S)


def due_s(said: NotifyState) -> float | None:
    """Return when `news` has to be asked again although nothing happened (`Instant.mono_s`); None: never. Pure."""
    if said.retry_s is not None:
        return said.retry_s
    return min((at for at in (said.ping_s, said.extend_s) if at is not None), default=None)


def status_of(programs: Mapping[str, ProgramState]) -> str:
    """Return one line about all programs, the same in every language: "bot RUNNING, life 4; relay …". Pure."""
    return "; ".join(f"{one.name} {one.state.value}, life {one.life.number}" for one in programs.values())


def reloading(mono_s: float) -> list[str]:
    """Return what is said before the settings are read again; what `reloaded` returns has to follow. Pure."""
    return ["RELOADING=1", f"MONOTONIC_USEC={int(mono_s * 1_000_000)}"]


def reloaded() -> list[str]:
    """Return what is said when the settings that count have been read, whether or not they changed. Pure."""
    return ["READY=1"]


class NotifySocket(Struct, frozen=True):
    """The service manager that has started this process and wants to hear from it."""

    #: path of its datagram socket; one that begins with "@" is in the abstract namespace
    address: str
    #: seconds of silence after which it ends us; None: it does not
    watchdog_s: float | None = None

    def send(self, lines: Sequence[str]) -> None:
        """Tell it `lines`, without ever waiting. Raises OSError when it cannot be told now."""
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto("\n".join(lines).encode(), address)


def manager(environ: MutableMapping[str, str]) -> NotifySocket | None:
    """Return the service manager that `environ` names, or None; take what it says out of `environ`.

    So nothing that this process starts can speak in its name.
    """
    given = {name: environ.pop(name, "") for name in _ADDRESSED_TO_US}
    if not given["NOTIFY_SOCKET"].startswith(("/", "@")):
        return None
    wanted = given["WATCHDOG_PID"] in ("", str(os.getpid())) and given["WATCHDOG_USEC"].isdecimal()
    usec = int(given["WATCHDOG_USEC"]) if wanted else 0
    return NotifySocket(given["NOTIFY_SOCKET"], usec / 1_000_000 if usec else None)


class SystemdNotifier:
    """Speaks to the service manager, if there is one, and remembers what it has been told."""

    def __init__(
        self, manager: NotifySocket | None, attempt: Callable[[Callable[[], object]], bool], now: Callable[[], Instant]
    ) -> None:
        """`attempt` calls a function, shows its OSError as a trouble, and returns whether there was none."""
        self._manager = manager
        self._attempt = attempt
        self._now = now
        self._said = NotifyState()

    @property
    def is_wanted(self) -> bool:
        """Whether there is somebody who listens."""
        return self._manager is not None

    def due_s(self) -> float | None:
        """Return when `tell` has to be called although nothing happened (`Instant.mono_s`); None: never."""
        return due_s(self._said) if self._manager else None

    def tell(self, programs: Mapping[str, ProgramState], *, leaving: bool) -> None:
        """Say what is new, and that the loop which calls this is alive."""
        if (manager := self._manager) is None:
            return
        mono_s = self._now().mono_s
        said, lines = news(self._said, programs, leaving=leaving, watchdog_s=manager.watchdog_s, mono_s=mono_s)
        if lines:
            heard = self._attempt(lambda: manager.send(lines))
            self._said = said if heard else unheard(self._said, mono_s)

    def reloading(self) -> None:
        """Say that the settings are being read again; `reloaded` has to follow."""
        self._say(reloading(time.monotonic()))  # systemd's clock, whatever ours has left out

    def reloaded(self) -> None:
        """Say that the reading is over; also when the settings were refused, we are ready after it."""
        self._say(reloaded())

    def _say(self, lines: list[str]) -> None:
        if (manager := self._manager) is not None:
            self._attempt(lambda: manager.send(lines))
