"""Notifies systemd (sd_notify(3)): ready, status, reload, shutdown and watchdog.

The event loop itself sends the watchdog messages, so a loop that hangs sends none and systemd ends it.
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

#: seconds between two extensions of the stop timeout during a shutdown, and the length of one
EXTEND_EVERY_S: Final = 10.0
EXTEND_S: Final = 30.0
#: seconds before a message that could not be sent is sent again
RETRY_S: Final = 1.0
#: variables that only the process with this pid may use
_OWN_VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class NotifyState(Struct, frozen=True, kw_only=True):
    """What systemd has been sent, and when it needs the next message (`Instant.mono_s`)."""

    ready: bool = False
    status: str = ""
    stopping: bool = False
    #: when the next watchdog message is due; None without a watchdog
    watchdog_due_s: float | None = None
    #: when the next extension of the stop timeout is due; None while the supervisor is not shutting down
    extend_due_s: float | None = None
    #: when to send again what could not be sent; None when nothing failed
    retry_s: float | None = None


def pending_lines(
    sent: NotifyState, programs: Mapping[str, ProgramState], *, leaving: bool, watchdog_s: float | None, mono_s: float
) -> tuple[NotifyState, list[str]]:
    """Return the lines to send now, and the state after they were sent. Pure.

    Args:
        sent: what systemd has been sent.
        programs: the state of each program.
        leaving: whether the supervisor is shutting down.
        watchdog_s: the watchdog timeout in seconds; None without one.
        mono_s: the time, as in `Instant.mono_s`.
    """
    if sent.retry_s is not None and mono_s < sent.retry_s:
        return sent, []
    lines = []
    if not sent.ready:
        lines.append("READY=1")
    if leaving and not sent.stopping:
        lines.append("STOPPING=1")
    if (status := status_line(programs)) != sent.status:
        lines.append(f"STATUS={status}")
    watchdog_due_s, extend_due_s = sent.watchdog_due_s, sent.extend_due_s
    if watchdog_s is not None and (watchdog_due_s is None or watchdog_due_s <= mono_s):
        lines.append("WATCHDOG=1")
        watchdog_due_s = mono_s + watchdog_s / 2
    if leaving and (extend_due_s is None or extend_due_s <= mono_s):
        lines.append(f"EXTEND_TIMEOUT_USEC={int(EXTEND_S * 1_000_000)}")
        extend_due_s = mono_s + EXTEND_EVERY_S
    after = NotifyState(
        ready=True, status=status, stopping=leaving, watchdog_due_s=watchdog_due_s, extend_due_s=extend_due_s
    )
    return after, lines


def schedule_retry(sent: NotifyState, mono_s: float) -> NotifyState:
    """Return the state after a failed send: everything is sent again in `RETRY_S`. Pure."""
    return replace(sent, retry_s=mono_s + RETRY_S)


def next_message_s(sent: NotifyState) -> float | None:
    """Return when the next message is due although nothing happens (`Instant.mono_s`); None for never. Pure."""
    if sent.retry_s is not None:
        return sent.retry_s
    return min((at for at in (sent.watchdog_due_s, sent.extend_due_s) if at is not None), default=None)


def status_line(programs: Mapping[str, ProgramState]) -> str:
    """Return one line about all programs, the same in every language: "bot RUNNING, life 4; relay …". Pure."""
    return "; ".join(f"{state.name} {state.state.value}, life {state.life.number}" for state in programs.values())


def reloading_lines(mono_s: float) -> list[str]:
    """Return the lines before a reload; those of `READY_LINES` have to follow. Pure."""
    return ["RELOADING=1", f"MONOTONIC_USEC={int(mono_s * 1_000_000)}"]


#: the lines after a reload, whether or not it changed anything
READY_LINES: Final = ("READY=1",)


class NotifySocket(Struct, frozen=True):
    """The notification socket of the systemd that started this process."""

    #: path of the datagram socket; "@" at the beginning stands for the abstract namespace
    address: str
    #: the watchdog timeout in seconds; None without one
    watchdog_s: float | None = None

    def send(self, lines: Sequence[str]) -> None:
        """Send `lines` without waiting. Raises OSError."""
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto("\n".join(lines).encode(), address)


def take_socket(environ: MutableMapping[str, str]) -> NotifySocket | None:
    """Return the notification socket that `environ` names, or None, and remove its variables from `environ`.

    So no child process can send messages in the name of the supervisor.
    """
    values = {name: environ.pop(name, "") for name in _OWN_VARIABLES}
    if not values["NOTIFY_SOCKET"].startswith(("/", "@")):
        return None
    has_watchdog = values["WATCHDOG_PID"] in ("", str(os.getpid())) and values["WATCHDOG_USEC"].isdecimal()
    usec = int(values["WATCHDOG_USEC"]) if has_watchdog else 0
    return NotifySocket(values["NOTIFY_SOCKET"], usec / 1_000_000 if usec else None)


class SystemdNotifier:
    """Sends the state of the supervisor to systemd, if systemd started it. A timer of the event loop."""

    def __init__(
        self,
        notify_socket: NotifySocket | None,
        programs: Mapping[str, ProgramState],
        guard: Callable[[Callable[[], object]], bool],
        now: Callable[[], Instant],
    ) -> None:
        """`guard` calls a function, reports its OSError as a problem, and returns whether it succeeded."""
        self._socket = notify_socket
        self._programs = programs
        self._guard = guard
        self._now = now
        self._sent = NotifyState()
        #: whether the supervisor is shutting down
        self.leaving = False

    @property
    def is_service(self) -> bool:
        """Whether systemd started the supervisor and wants its messages."""
        return self._socket is not None

    def next_deadline(self) -> float | None:
        """Return when the next message is due; see `Timer`."""
        return next_message_s(self._sent) if self._socket else None

    def run_due(self) -> None:
        """Send what has changed, and that the event loop runs."""
        if (notify_socket := self._socket) is None:
            return
        mono_s, watchdog_s = self._now().mono_s, notify_socket.watchdog_s
        sent, lines = pending_lines(
            self._sent, self._programs, leaving=self.leaving, watchdog_s=watchdog_s, mono_s=mono_s
        )
        if lines:
            is_sent = self._guard(lambda: notify_socket.send(lines))
            self._sent = sent if is_sent else schedule_retry(self._sent, mono_s)

    def begin_reload(self) -> None:
        """Notify systemd that a reload has begun; `end_reload` has to follow."""
        self._send(reloading_lines(time.monotonic()))  # systemd compares it with its own CLOCK_MONOTONIC

    def end_reload(self) -> None:
        """Notify systemd that the reload has ended, successful or not."""
        self._send(READY_LINES)

    def _send(self, lines: Sequence[str]) -> None:
        if (notify_socket := self._socket) is not None:
            self._guard(lambda: notify_socket.send(lines))
