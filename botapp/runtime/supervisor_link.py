"""The connection of a program to its supervisor, on asyncio: reconnects, identifies, reports readiness and health.

It does not depend on Discord: both the bot and the local Discord use it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from botapp.locale import _
from supervisor.client import (
    MAX_LINE_BYTES,
    PROTOCOL_VERSION,
    VERSION,
    ControlError,
    LifeEnvironment,
    LoadedFiles,
    Message,
    decode,
    encode,
    open_socket,
)

log = logging.getLogger(__name__)

#: in seconds
HEARTBEAT_INTERVAL_S: Final = 10.0
#: shortest and longest pause before reconnecting, in seconds
MIN_BACKOFF_S: Final = 0.1
MAX_BACKOFF_S: Final = 2.0
MAX_PENDING_REQUESTS: Final = 64
#: the connection is aborted when the supervisor leaves more than this unread
MAX_UNSENT_BYTES: Final = 512 * 1024
#: timeout of hello and goodbye, in seconds
ANSWER_TIMEOUT_S: Final = 5.0
#: attempts to send the sockets, and the pause between two of them in seconds
SEND_ATTEMPTS: Final = 100
SEND_PAUSE_S: Final = 0.02

_PACKAGE: Final = Path(__file__).parents[1]

#: what a life of a program that can hand over does: it serves, or it can serve next, or it has served before
Role = Literal["serving", "prepared", "retiring"]

#: handles a request of the supervisor: takes the message, returns the fields of the answer
Handler = Callable[[Message], Awaitable[Message]]


class Superseded(Exception):
    """A newer life of this program is running: this process must exit, with code 0."""


class SupervisorLink:
    """The connection of this process to its supervisor.

    `run` reconnects for ever. Notifications are dropped while there is no connection, except hello, prepared and
    ready: each new connection repeats them. Handlers run one at a time in the order of the requests, and must not
    block.
    """

    def __init__(
        self,
        environment: LifeEnvironment,
        handlers: Mapping[str, Handler] | None = None,
        *,
        health: Callable[[], Message] = dict,
        role: Callable[[], Role] | None = None,
        answered: Callable[[], int] = lambda: 0,
        extra_starts: Callable[[], int] = lambda: 0,
        on_ready: Callable[[Message | None], None] = lambda restart: None,
        on_connected: Callable[[bool], None] = lambda connected: None,
        on_event: Callable[[Message], None] | None = None,
        heartbeat_interval_s: float = HEARTBEAT_INTERVAL_S,
        writes_traceback: bool = False,
        sockets: Sequence[socket.socket] = (),
    ) -> None:
        """
        Args:
            environment: which program and which life this process is.
            handlers: by op (`welcome`, `drain`, `cache` …); `welcome` needs none.
            health: returns the health that heartbeats report.
            role: returns what this process does now; None for a program that cannot hand over.
            answered: returns how many requests this process has answered since it serves.
            extra_starts: returns how many more sessions than one this process has opened at Discord.
            on_ready: called once the supervisor took ready, with the restart that started this process, or None.
            on_connected: called with True after hello, and with False when the connection is lost.
            on_event: called with the events of all programs; None does not subscribe to them.
            heartbeat_interval_s: seconds between heartbeats.
            writes_traceback: whether this process writes its tracebacks on `supervisor.client.TRACEBACK_SIGNAL`.
            sockets: those that the supervisor has passed; one that did not open them itself gets them back.
        """
        self.environment = environment
        self._handlers = dict(handlers or {})
        self._health = health
        self._role = role
        self._answered = answered
        self._extra_starts = extra_starts
        self._on_ready = on_ready
        self._on_connected = on_connected
        self._on_event = on_event
        self._heartbeat_interval_s = heartbeat_interval_s
        self._writes_traceback = writes_traceback
        self._sockets = sockets
        self._files = LoadedFiles(_PACKAGE)
        self._has_warned = False
        #: the connection's socket, which the writer owns
        self._sock: socket.socket | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        #: op and fields of what each new connection repeats: `prepared` or `ready`
        self._report: tuple[str, Message] | None = None
        self._heartbeat_due = asyncio.Event()
        self._next_id = 0
        self._pending: dict[int, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, and the supervisor accepted hello."""
        return self._connected.is_set()

    async def run(self) -> None:
        """Connect, and reconnect until cancelled. Raises Superseded when a newer life is running."""
        backoff_s = MIN_BACKOFF_S
        last_refusal = ""
        while True:
            try:
                sock = open_socket(self.environment.socket)
                sock.setblocking(False)
                reader, self._writer = await asyncio.open_unix_connection(sock=sock, limit=MAX_LINE_BYTES)
                self._writer.transport.set_write_buffer_limits(high=0)  # `drain` waits until all is sent
                self._sock = sock
                await self._serve(reader)
            except OSError:
                log.debug("no supervisor listens on %s", self.environment.socket)
            except ControlError as error:
                if error.code == "stale_life":
                    raise Superseded(error.message) from error
                if error.message != last_refusal:
                    log.warning(_("the supervisor refused this process: %s (%s)"), error.message, error.code)
                last_refusal = error.message
            finally:
                was_connected = self.is_connected
                self._disconnect()
            if was_connected:
                backoff_s, last_refusal = MIN_BACKOFF_S, ""
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, MAX_BACKOFF_S)

    async def request(self, op: str, *, timeout_s: float | None = None, **fields: object) -> Message:
        """Send the request `op` and return its answer.

        Raises ControlError with the supervisor's code, or `closed` without a connection, `timed_out` after
        `timeout_s` seconds, `busy` when too many requests are pending, `too_long` when the message is.
        """
        if len(self._pending) >= MAX_PENDING_REQUESTS:
            raise ControlError("busy", _("%d requests are already waiting for the supervisor") % MAX_PENDING_REQUESTS)
        self._next_id += 1
        id = self._next_id
        self._send({"v": PROTOCOL_VERSION, "id": id, "op": op, **fields})
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._pending[id] = future
        try:
            answer = await asyncio.wait_for(future, timeout_s)
        except TimeoutError as error:
            raise ControlError(
                "timed_out", _("no answer from the supervisor within %g s") % (timeout_s or 0)
            ) from error
        finally:
            self._pending.pop(id, None)
        if answer.get("ok") is True:
            return answer
        problem = answer.get("error") or {}
        rest = {name: value for name, value in answer.items() if name not in ("v", "id", "ok", "error")}
        raise ControlError(str(problem.get("code", "unknown")), str(problem.get("message", "refused")), rest)

    def notify(self, op: str, **fields: object) -> None:
        """Send `op` without waiting for the answer. It is dropped when there is no connection."""
        if self._writer is None:
            return
        self._next_id += 1
        try:
            self._send({"v": PROTOCOL_VERSION, "id": self._next_id, "op": op, **fields})
        except ControlError as error:
            log.warning(_("cannot send %s to the supervisor: %s"), op, error.message)

    def report_prepared(self, *, alone: bool = False) -> None:
        """Report prepared, now and on every later connection. `alone`: it can serve when no other process lives."""
        self._set_report("prepared", {"alone": alone})

    def report_ready(self, handed_over: int | None = None) -> None:
        """Report ready, now and on every later connection. `handed_over`: how many earlier events it has acted on."""
        self._set_report("ready", {} if handed_over is None else {"handed_over": handed_over})

    def withdraw_report(self) -> None:
        """Report nothing on later connections: this process serves no more."""
        self._report = None

    def send_heartbeat(self) -> None:
        """Send a heartbeat now: the health has changed."""
        self._heartbeat_due.set()

    def set_heartbeat_interval(self, interval_s: float) -> None:
        """Send a heartbeat now, and then every `interval_s` seconds."""
        self._heartbeat_interval_s = interval_s
        self._heartbeat_due.set()

    async def send_goodbye(self, code: int, reason: str, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Report why this process exits, and with which code; wait up to `timeout_s` seconds for the answer."""
        try:
            await asyncio.wait_for(self._connected.wait(), timeout_s)
            await self.request("goodbye", code=code, reason=reason[:2000], timeout_s=timeout_s)
        except (ControlError, TimeoutError) as error:
            log.debug("goodbye was not delivered: %s", error)

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        """Write and read until the connection is lost. Raises ControlError when hello is refused."""
        tasks = {asyncio.create_task(self._write()), asyncio.create_task(self._read(reader))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _write(self) -> None:
        await self._send_hello()
        self._connected.set()
        self._on_connected(True)
        if self._report is not None:
            self._start_report(*self._report)
        if self._on_event is not None:
            self.notify("events")
        while True:
            self._heartbeat_due.clear()
            fields = {} if self._role is None else {"answered": self._answered()}
            health = {**self._health(), **self._changed_files()}
            self.notify("heartbeat", health=health, extra_starts=self._extra_starts(), **fields)
            try:
                await asyncio.wait_for(self._heartbeat_due.wait(), self._heartbeat_interval_s)
            except TimeoutError:
                continue

    def _changed_files(self) -> Message:
        """Return the part of the health that says that other code is installed than this process runs; log it once."""
        if not self._files.have_changed():
            return {}
        if not self._has_warned:
            log.warning(_("the files of this process have changed since it started; run: stocksup upgrade"))
        self._has_warned = True
        return {"files": {"changed": True}}

    async def _send_hello(self) -> None:
        fields = {} if self._role is None else {"role": self._role()}
        await self.request(
            "hello",
            timeout_s=ANSWER_TIMEOUT_S,
            program=self.environment.program,
            life=self.environment.life,
            pid=os.getpid(),
            version=VERSION,
            traceback=self._writes_traceback,
            **fields,
        )

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError as error:
                raise ControlError(
                    "too_long", _("the supervisor sent more than %d bytes a line") % MAX_LINE_BYTES
                ) from error
            if not line.endswith(b"\n"):
                return  # the supervisor closed the connection, maybe within a line
            message = decode(line)
            if "op" in message:
                await self._handle(message)
            elif isinstance(event := message.get("event"), dict):
                if self._on_event is not None:
                    self._on_event(event)
            elif (future := self._pending.get(_request_id(message))) is not None and not future.done():
                future.set_result(message)

    async def _handle(self, message: Message) -> None:
        op = str(message["op"])
        reply: Message = {"v": PROTOCOL_VERSION, "id": message.get("id")}
        handler = self._handlers.get(op)
        if op == "sockets":
            await self._send_sockets({**reply, "ok": True})
            return
        if handler is None and op != "welcome":
            text = f"this program does not know the operation {op[:50]!r}"
            self._send({**reply, "ok": False, "error": {"code": "unknown_op", "message": text}})
            return
        try:
            fields = await handler(message) if handler else {}
            self._send({**reply, "ok": True, **fields})
        except Exception as error:  # a failed handler is the answer, and the connection stays
            log.exception(_("the supervisor's request %s failed"), op)
            text = f"{type(error).__name__}: {error}"
            self._send({**reply, "ok": False, "error": {"code": "failed", "message": text}})

    async def _send_sockets(self, reply: Message) -> None:
        """Send the answer `reply` with the sockets attached (SCM_RIGHTS)."""
        writer, sock = self._writer, self._sock
        if writer is None or sock is None or not self._sockets:
            self._send(reply)
            return
        line, descriptors = encode(reply), [one.fileno() for one in self._sockets]
        for _attempt in range(SEND_ATTEMPTS):
            while writer.transport.get_write_buffer_size():  # what was written before comes first
                await writer.drain()
            try:
                sent = socket.send_fds(sock, [line], descriptors)
            except BlockingIOError:  # the supervisor has not read the rest yet
                await asyncio.sleep(SEND_PAUSE_S)
            else:
                writer.write(line[sent:])
                return
        error = {"code": "busy", "message": "the supervisor does not read"}
        self._send({**reply, "ok": False, "error": error})

    def _set_report(self, op: str, fields: Message) -> None:
        self._report = op, fields
        if self.is_connected:
            self._start_report(op, fields)

    def _start_report(self, op: str, fields: Message) -> None:
        task = asyncio.create_task(self._send_report(op, fields))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_report(self, op: str, fields: Message) -> None:
        try:
            answer = await self.request(op, **fields)
        except ControlError as error:
            params = {"op": op, "problem": error.message, "code": error.code}
            log.warning(_("the supervisor did not accept %(op)s: %(problem)s (%(code)s)"), params)
            return
        if op == "ready":
            self._on_ready(answer.get("restart"))

    def _send(self, message: Message) -> None:
        writer = self._writer
        if writer is None or writer.is_closing():
            raise ControlError("closed", _("there is no connection to the supervisor"))
        writer.write(encode(message))
        if writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            writer.transport.abort()

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = self._sock = None
        if self._connected.is_set():
            self._connected.clear()
            self._on_connected(False)
        for future in self._pending.values():
            if not future.done():
                future.set_exception(ControlError("closed", _("the connection to the supervisor is lost")))


def _request_id(answer: Message) -> int:
    """Return the id of the request that is answered; 0, which no request has, if it is not valid."""
    id = answer.get("id")
    return id if isinstance(id, int) and not isinstance(id, bool) else 0


async def report_exit(environment: LifeEnvironment, code: int, reason: str, *, timeout_s: float) -> None:
    """Tell the supervisor why this process exits before it could serve; give up after `timeout_s` seconds."""
    link = SupervisorLink(environment)
    running = asyncio.create_task(link.run())
    await link.send_goodbye(code, reason, timeout_s=timeout_s)
    running.cancel()
