"""The intake of events: each one is acted on once, whichever session delivers it, and kept until it is finished.

A process that serves takes events and hands them to discord.py. A click or an admin's command is written into the file
of taken events before its handler starts, and removed when it is finished. What a killed process has left, the next one
finishes.

Over a restart two processes live, each with a session of its own. One serves; the other one holds what it receives, and
when it serves in turn, it takes what the first one has not taken. See `event_file` and `held_events`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from botapp.discord_api.handover.canary import find_missed, is_proven
from botapp.discord_api.handover.event_file import (
    MAX_ATTEMPTS,
    AnotherServes,
    EventFile,
    LeftEvent,
    Session,
    TakenEvent,
)
from botapp.discord_api.handover.held_events import TAKEN_TYPES, HeldEvent, HeldEvents, Recent, event_id
from botapp.discord_api.handover.taken_ids import TAKEN_COUNT, TAKEN_FOR_S
from botapp.discord_api.http_calls import UNREADABLE, replayed_application
from botapp.locale import _

log = logging.getLogger(__name__)

#: Discord forgets an interaction after this time
TOKEN_VALID_S: Final = 15 * 60.0
#: beyond this length a message that an event carries is kept without what only shows it
SHORT_CHARS: Final = 6000


class Intake:
    """Takes events from the gateway and hands them to discord.py, or holds them while another process serves."""

    def __init__(
        self,
        parsers: MutableMapping[str, Callable[[Any], None]],
        is_replayable: Callable[[str, Mapping[str, Any]], bool],
        now_s: Callable[[], float] = time.time,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            parsers: those of discord.py by type of event. Those that the intake takes are replaced.
            is_replayable: returns whether a process can take over an event that another one has begun, by its type.
            now_s: returns seconds since 1970.
            mono_s: returns seconds that only go forward.
        """
        self._is_replayable = is_replayable
        self._now_s = now_s
        self._mono_s = mono_s
        self._parse = {name: parsers[name] for name in TAKEN_TYPES}
        for name in self._parse:
            parsers[name] = partial(self.receive, name)
        parsers["READY"] = self._recording_session(parsers["READY"])
        self._file: EventFile | None = None
        self._path: Path | None = None
        #: whether events are held, because another process serves
        self.is_holding = False
        #: the session of the process that served before; None if it has ended it
        self.earlier_session: Session | None = None
        #: our own session; None until it is open
        self._session: Session | None = None
        #: slots by id of the event that is under way
        self._slots: dict[int, int] = {}
        #: when our sessions delivered an event, in seconds since 1970
        self._received: Recent[float] = Recent(TAKEN_FOR_S, TAKEN_COUNT)
        #: what was taken, by this or another process
        self._taken: Recent[None] = Recent(TAKEN_FOR_S, 2 * TAKEN_COUNT)
        self._held = HeldEvents()

    # --- who serves ---

    def open(self, path: Path) -> None:
        """Serve at once, and keep what is taken in the file at `path`. Raises OSError, and AnotherServes."""
        self._path = path
        file = EventFile(path)
        try:
            file.lock()
        except AnotherServes:
            file.close()
            raise
        self._file = file
        # what was taken before, without the file
        for id, at_s, _value in self._taken.items(self._mono_s()):
            file.record_taken(id, self._now_s() - (self._mono_s() - at_s))
        self._read_earlier(file)

    def prepare(self, path: Path) -> None:
        """Hold events from now on, while another process serves and keeps the file at `path`.

        Raises OSError, and OtherLayout: a hand-over is not possible then.
        """
        self.is_holding = True
        self._file = EventFile(path)

    def serve(self) -> int:
        """Take events from now on, those that were held and not taken included; return how many of them.

        Another process has released the lock, or is dead. Raises AnotherServes.
        """
        assert self._file is not None, "prepare or cut comes first"
        self._file.lock()
        self._read_earlier(self._file)
        self.is_holding = False
        now_s = self._mono_s()
        events = [event for event in self._held.release(now_s) if not self._taken.has(event.id, now_s)]
        for event in events:
            try:
                self._take(event)
            except UNREADABLE as error:
                problem = f"{type(error).__name__}: {error}"[:200]
                text = _("gateway: event skipped, because it cannot be read (%(event)s: %(problem)s)")
                log.warning(text, {"event": event.name, "problem": problem})
        # not earlier: until then, the session of the process before has what this one has not taken
        if self._session is None:
            self._file.forget_session()
        else:
            self._file.record_session(self._session)
        return len(events)

    def cut(self) -> None:
        """Hold events from now on, and let another process serve. What was taken goes on.

        Raises OSError if there is no file, and this process goes on serving: then a hand-over is not possible.
        """
        if self._file is None:
            assert self._path is not None, "it serves"
            self.open(self._path)
        assert self._file is not None
        self.is_holding = True
        self._file.unlock()

    def close(self, *, keep_session: bool) -> None:
        """Stop using the file, and let the next process serve. It resumes the session if that is kept."""
        if self._file is not None:
            if not keep_session and not self.is_holding:
                self._file.forget_session()
            self._file.close()
            self._file = None

    # --- events ---

    def receive(self, name: str, data: dict[str, Any]) -> None:
        """Take an event of the gateway, or hold it, unless it was taken before.

        Raises what `UNREADABLE` names for an event that is not one of Discord's.
        """
        event = HeldEvent(event_id(name, data), name, data)
        now_s = self._mono_s()
        self._received.add(event.id, self._now_s(), now_s)
        if self._taken.has(event.id, now_s):
            return
        if self.is_holding:
            self._held.hold(event, now_s)
        else:
            self._take(event)

    def finish(self, event_id: int) -> None:
        """Record that an event is finished."""
        slot = self._slots.pop(event_id, None)
        if slot is not None and self._file is not None:
            self._file.finish(slot)

    def record_sequence(self, sequence: int) -> None:
        """Record the number of the last event that has arrived."""
        if self._session is not None:
            self._session = msgspec.structs.replace(self._session, sequence=sequence)
        if self._file is not None and not self.is_holding:
            self._file.record_sequence(sequence)

    def replay_left(self, application_id: int) -> int:
        """Finish what processes that have ended have begun; return how many events that are."""
        if self._file is None or self.is_holding:
            return 0
        left = sorted(self._file.left(), key=lambda one: one.event.taken_at_s)
        return sum(self._replay(one, application_id, self._file) for one in left)

    # --- whether both sessions get the same events ---

    def missed(self, ready_at_s: float) -> dict[int, float]:
        """Return what the process that serves has taken since our session is open, and that session has not got.

        Args:
            ready_at_s: when it was opened, in seconds since 1970.

        Returns: for how many seconds each event was missed, by its id.
        """
        taken = self._file.taken_ids(self._now_s()) if self._file is not None else {}
        return find_missed(taken, self._received_at_s(), ready_at_s, self._now_s())

    def is_other_dead(self) -> bool:
        """Return whether no process serves, although this one only holds events: the one that did has died."""
        if self._file is None or not self.is_holding:
            return False
        try:
            self._file.lock()
        except AnotherServes:
            return False
        self._file.unlock()
        return True

    def is_proven(self) -> bool:
        """Return whether our session gets what the process that serves takes, as far as that can be known."""
        taken = self._file.taken_ids(self._now_s()) if self._file is not None else {}
        return is_proven(taken, self._received_at_s(), self._now_s())

    def missed_by_other(self, cut_at_s: float) -> dict[int, float]:
        """Return what our session has got since the cut, and the process that serves has not taken; as `missed`."""
        taken = self._file.taken_ids(self._now_s()) if self._file is not None else {}
        return find_missed(self._received_at_s(), taken, cut_at_s, self._now_s())

    def _received_at_s(self) -> dict[int, float]:
        return {id: at_s for id, _, at_s in self._received.items(self._mono_s())}

    # --- parts ---

    def _take(self, event: HeldEvent) -> None:
        """Hand an event to discord.py. The order is such that a death in between loses no interaction.

        Handlers begin later, in tasks of their own. So an event that is not recorded as taken was not begun.
        """
        if self._is_replayable(event.name, event.data):
            self._keep(event)
        self._taken.add(event.id, None, self._mono_s())
        try:
            self._parse[event.name](event.data)
        except UNREADABLE:
            self.finish(event.id)
            raise
        finally:
            if self._file is not None:
                self._file.record_taken(event.id, self._now_s())

    def _keep(self, event: HeldEvent) -> None:
        if self._file is not None:
            slot = self._file.take(TakenEvent(event.name, shortened(event.data), self._now_s()))
            if slot is not None:
                self._slots[event.id] = slot

    def _replay(self, left: LeftEvent, application_id: int, file: EventFile) -> bool:
        """Begin an event that an earlier process has left; return whether that was done."""
        text = _("event %(id)s: not taken over (%(reason)s)")
        if (reason := why_passed_over(left, self._now_s())) is not None:
            log.warning(text, {"id": left.id, "reason": reason})
            file.finish(left.slot)
            return False
        file.begin_again(left)
        self._slots[left.id] = left.slot
        # tasks that start here inherit the context
        mark = replayed_application.set(application_id)
        try:
            self._parse[left.event.name](left.event.data)
        except UNREADABLE as error:
            log.warning(text, {"id": left.id, "reason": error})
            self.finish(left.id)
        finally:
            replayed_application.reset(mark)
        return True

    def _read_earlier(self, file: EventFile) -> None:
        """Read what the process that served before has recorded."""
        session = file.session()
        is_ours = session is not None and self._session is not None and session.id == self._session.id
        self.earlier_session = None if is_ours else session
        mono_s = self._mono_s()
        for id in file.taken_ids(self._now_s()):
            self._taken.add(id, None, mono_s)
        # it was killed before it could record their ids
        for left in file.left():
            self._taken.add(left.id, None, mono_s)

    def _recording_session(self, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        def parse_and_record(data: Any) -> None:
            self._session = Session(str(data["session_id"]), str(data["resume_gateway_url"]))
            if self._file is not None and not self.is_holding:
                self._file.record_session(self._session)
            parse(data)

        return parse_and_record


def why_passed_over(left: LeftEvent, now_s: float) -> str | None:
    """Return why an event that an earlier process has left is not taken over; None if it is. Pure."""
    if left.attempts >= MAX_ATTEMPTS:
        return _("%d processes ended while they worked on it") % left.attempts
    if now_s - left.event.taken_at_s > TOKEN_VALID_S:
        return _("it is too old to be answered")
    return None


def shortened(data: dict[str, Any]) -> dict[str, Any]:
    """Return an event without what only shows another message, if that is long. Pure."""
    if "referenced_message" in data:  # a typed command that replies to a message
        return {key: value for key, value in data.items() if key != "referenced_message"}
    message = data.get("message")
    if not isinstance(message, dict) or len(repr(message)) <= SHORT_CHARS:
        return data
    return {**data, "message": {**message, "content": "", "embeds": [], "components": [], "attachments": []}}
