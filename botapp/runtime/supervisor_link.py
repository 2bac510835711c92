"""A life's side of the door, on asyncio: knocks until somebody opens, says hello, ready and how it is.

Knows nothing of Discord; every program of this package that runs under the supervisor uses it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from botapp.locale import _
from supervisor.client import (
    MAX_LINE_BYTES,
    PROTOCOL_VERSION,
    VERSION,
    ControlError,
    LifeEnvironment,
    Message,
    decode,
    encode,
    socket_at,
)

log = logging.getLogger(__name__)

#: time between two heartbeats, in seconds
HEARTBEAT_INTERVAL_S: Final = 10.0
#: first and longest pause between two knocks at the door, in seconds
KNOCK_MIN_S: Final = 0.1
KNOCK_MAX_S: Final = 2.0
#: requests that may wait for an answer at a time
MAX_WAITING: Final = 64
#: what the supervisor may leave unread before the connection is given up
MAX_UNSENT_BYTES: Final = 512 * 1024
#: how long hello and farewell may take, in seconds
ANSWER_TIMEOUT_S: Final = 5.0

#: answers a request of the supervisor: gets the message, returns the fields of the answer
Handler = Callable[[Message], Awaitable[Message]]


class Superseded(Exception):
    """There is a newer life of this program: this one is to end, with exit code 0."""


class SupervisorLink:
    """The connection of this life to its supervisor.

    `run` keeps it up. What is said while nobody listens is dropped, but for hello and ready, which are said again
    on every new connection. Handlers run one at a time, in the order of the requests, and should return at once.
    """

    def __init__(
        self,
        environment: LifeEnvironment,
        handlers: Mapping[str, Handler] | None = None,
        *,
        health: Callable[[], Message] = dict,
        extra_starts: Callable[[], int] = lambda: 0,
        on_ready: Callable[[Message | None], None] = lambda restart: None,
        on_connected: Callable[[bool], None] = lambda connected: None,
        on_event: Callable[[Message], None] | None = None,
        heartbeat_interval_s: float = HEARTBEAT_INTERVAL_S,
        writes_traceback: bool = False,
    ) -> None:
        """
        Args:
            environment: the life this process is.
            handlers: by op (`welcome`, `drain`, `cache` …); `welcome` is granted without one.
            health: gives what a heartbeat says about this life.
            extra_starts: gives how many further sessions this life has begun at Discord by itself.
            on_ready: called with the finished restart that led here, or None, when ready has been heard.
            on_connected: called when the connection is up (hello was granted), and when it is lost.
            on_event: called with what happens to all programs (docs/door.md, `events`); None: not asked for.
            heartbeat_interval_s: seconds between heartbeats.
            writes_traceback: whether this process writes its tracebacks on `supervisor.client.TRACEBACK_SIGNAL`.
        """
        self.environment = environment
        self._handlers = dict(handlers or {})
        self._health = health
        self._extra_starts = extra_starts
        self._on_ready = on_ready
        self._on_connected = on_connected
        self._on_event = on_event
        self._heartbeat_interval_s = heartbeat_interval_s
        self._tells_traceback = writes_traceback
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self._ready = False
        self._beat = asyncio.Event()
        self._next_id = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        """Whether the supervisor is connected and has granted hello."""
        return self._connected.is_set()

    async def run(self) -> None:
        """Keep the connection up until cancelled. Raises Superseded when a newer life has taken over."""
        pause_s = KNOCK_MIN_S
        refused = ""
        while True:
            try:
                sock = socket_at(self.environment.socket)
                sock.setblocking(False)
                reader, self._writer = await asyncio.open_unix_connection(sock=sock, limit=MAX_LINE_BYTES)
                await self._serve(reader)
            except OSError:
                log.debug("nobody opens at %s", self.environment.socket)
            except ControlError as error:
                if error.code == "stale_life":
                    raise Superseded(error.message) from error
                if error.message != refused:
                    log.warning(_("the supervisor refuses this life: %s (%s)"), error.message, error.code)
                refused = error.message
            finally:
                was_connected = self.is_connected
                self._disconnect()
            if was_connected:
                pause_s, refused = KNOCK_MIN_S, ""
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, KNOCK_MAX_S)

    async def request(self, op: str, *, timeout_s: float | None = None, **fields: object) -> Message:
        """Ask the supervisor for `op` and return its answer.

        Raises ControlError: it refused; `closed` when the connection is or gets lost, `timed_out` after `timeout_s`
        seconds, `busy` when too many requests wait, `too_long` when the message is.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise ControlError("busy", _("%d requests are waiting for the supervisor already") % MAX_WAITING)
        self._next_id += 1
        id = self._next_id
        self._send({"v": PROTOCOL_VERSION, "id": id, "op": op, **fields})
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[id] = future
        try:
            answer = await asyncio.wait_for(future, timeout_s)
        except TimeoutError as error:
            raise ControlError(
                "timed_out", _("no answer from the supervisor within %g s") % (timeout_s or 0)
            ) from error
        finally:
            self._waiting.pop(id, None)
        if answer.get("ok") is True:
            return answer
        problem = answer.get("error") or {}
        rest = {name: value for name, value in answer.items() if name not in ("v", "id", "ok", "error")}
        raise ControlError(str(problem.get("code", "unknown")), str(problem.get("message", "refused")), rest)

    def notify(self, op: str, **fields: object) -> None:
        """Say `op` without waiting for the answer; when nobody listens it is dropped."""
        if self._writer is None:
            return
        self._next_id += 1
        try:
            self._send({"v": PROTOCOL_VERSION, "id": self._next_id, "op": op, **fields})
        except ControlError as error:
            log.warning(_("cannot tell the supervisor %s: %s"), op, error.message)

    def report_ready(self) -> None:
        """This life serves: say so, now and on every later connection."""
        self._ready = True
        if self.is_connected:
            self._say_ready_soon()

    def send_heartbeat(self) -> None:
        """Send a heartbeat now, as health has changed."""
        self._beat.set()

    async def send_goodbye(self, code: int, reason: str, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Say with which exit code and why this life ends, and wait up to `timeout_s` until that is heard."""
        try:
            await asyncio.wait_for(self._connected.wait(), timeout_s)
            await self.request("goodbye", code=code, reason=reason[:2000], timeout_s=timeout_s)
        except (ControlError, TimeoutError) as error:
            log.debug("farewell was not heard: %s", error)

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        """Speak and listen until the connection is lost. Raises ControlError when hello is refused."""
        sides = {asyncio.create_task(self._speak()), asyncio.create_task(self._listen(reader))}
        try:
            ended, _ = await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
            for side in ended:
                side.result()
        finally:
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)

    async def _speak(self) -> None:
        await self._say_hello()
        self._connected.set()
        self._on_connected(True)
        if self._ready:
            self._say_ready_soon()
        if self._on_event is not None:
            self.notify("events")
        while True:
            self._beat.clear()
            self.notify("heartbeat", health=self._health(), extra_starts=self._extra_starts())
            try:
                await asyncio.wait_for(self._beat.wait(), self._heartbeat_interval_s)
            except TimeoutError:
                continue

    async def _say_hello(self) -> None:
        here = self.environment
        hello = {"program": here.program, "life": here.life, "pid": os.getpid(), "version": VERSION}
        more = {"traceback": True} if self._tells_traceback else {}
        try:
            await self.request("hello", timeout_s=ANSWER_TIMEOUT_S, **hello, **more)
        except ControlError as error:
            if error.code != "bad_request" or not more:
                raise
            # a supervisor of an earlier release does not know that word
            await self.request("hello", timeout_s=ANSWER_TIMEOUT_S, **hello)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError as error:
                raise ControlError(
                    "too_long", _("the supervisor sent more than %d bytes a line") % MAX_LINE_BYTES
                ) from error
            if not line.endswith(b"\n"):
                return  # the connection has ended, maybe within a line
            message = decode(line)
            if "op" in message:
                await self._handle(message)
            elif isinstance(event := message.get("event"), dict):
                if self._on_event is not None:
                    self._on_event(event)
            elif (waiting := self._waiting.get(_whole(message.get("id")))) is not None and not waiting.done():
                waiting.set_result(message)

    async def _handle(self, message: Message) -> None:
        op = str(message["op"])
        reply: Message = {"v": PROTOCOL_VERSION, "id": message.get("id")}
        handler = self._handlers.get(op)
        if handler is None and op != "welcome":
            text = f"this program does not know the operation {op[:50]!r}"
            self._send({**reply, "ok": False, "error": {"code": "unknown_op", "message": text}})
            return
        try:
            fields = await handler(message) if handler else {}
            self._send({**reply, "ok": True, **fields})
        except Exception as error:  # whatever goes wrong here is the asker's answer, and the connection stays
            log.exception(_("cannot do what the supervisor asks (%s)"), op)
            text = f"{type(error).__name__}: {error}"
            self._send({**reply, "ok": False, "error": {"code": "failed", "message": text}})

    async def _say_ready(self) -> None:
        try:
            answer = await self.request("ready")
        except ControlError as error:
            log.warning(_("the supervisor did not take ready: %s (%s)"), error.message, error.code)
            return
        self._on_ready(answer.get("restart"))

    def _say_ready_soon(self) -> None:
        task = asyncio.create_task(self._say_ready())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
            self._writer = None
        if self._connected.is_set():
            self._connected.clear()
            self._on_connected(False)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ControlError("closed", _("the connection to the supervisor is lost")))


def _whole(value: object) -> int:
    """Return `value` if it can be the id of a request of ours, else 0, which none has."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
