"""The intake of events: each one is acted on once, whichever session delivers it, and kept until it is finished.

An interaction is written into the file of taken events before its handler starts, and removed when it is finished. What
a killed process has left, the next one finishes. See `event_file`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from botapp.discord_api.handover.event_file import MAX_ATTEMPTS, EventFile, LeftEvent, Session, TakenEvent
from botapp.discord_api.http_calls import UNREADABLE, replayed_application
from botapp.locale import _

log = logging.getLogger(__name__)

#: a second delivery of an event is recognized for so long; two sessions can be far apart
SEEN_FOR_S: Final = 60.0
#: Discord forgets an interaction after this time
TOKEN_VALID_S: Final = 15 * 60.0
#: beyond this length a message that an event carries is kept without what only shows it
SHORT_CHARS: Final = 6000

_INTERACTION: Final = "INTERACTION_CREATE"
_MESSAGE: Final = "MESSAGE_CREATE"


class Intake:
    """Takes interactions and messages from the gateway, and hands them to discord.py."""

    def __init__(
        self,
        parsers: MutableMapping[str, Callable[[Any], None]],
        is_replayable: Callable[[Mapping[str, Any]], bool],
        now_s: Callable[[], float] = time.time,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            parsers: those of discord.py by type of event. Those that the intake takes are replaced.
            is_replayable: returns whether a process can take over an interaction that another one has begun.
            now_s: returns seconds since 1970.
            mono_s: returns seconds that only go forward.
        """
        self._is_replayable = is_replayable
        self._now_s = now_s
        self._mono_s = mono_s
        self._parse = {name: parsers[name] for name in (_INTERACTION, _MESSAGE)}
        for name in self._parse:
            parsers[name] = partial(self.receive, name)
        parsers["READY"] = self._recording_session(parsers["READY"])
        self._file: EventFile | None = None
        #: the session of the earlier process; None if it has ended it
        self.earlier_session: Session | None = None
        self._left: tuple[LeftEvent, ...] = ()
        #: slots by id of the interaction that is under way
        self._slots: dict[int, int] = {}
        #: when an event was received, by its id, the oldest first
        self._seen: dict[str, float] = {}

    def open(self, path: Path) -> None:
        """Begin to keep what is taken in the file at `path`. Raises OSError, and AnotherServes."""
        self._file = EventFile(path)
        self.earlier_session, self._left = self._file.session(), tuple(self._file.left())

    def receive(self, name: str, data: dict[str, Any]) -> None:
        """Hand an event to discord.py, unless it was received before."""
        if not self._is_new(str(data.get("id"))):
            return
        if name == _INTERACTION and self._is_replayable(data):
            self._take(TakenEvent(name, shortened(data), self._now_s()))
        self._parse[name](data)

    def finish(self, interaction_id: int) -> None:
        """Record that an interaction is finished."""
        slot = self._slots.pop(interaction_id, None)
        if slot is not None and self._file is not None:
            self._file.finish(slot)

    def record_sequence(self, sequence: int) -> None:
        """Record the number of the last event that has arrived."""
        if self._file is not None:
            self._file.record_sequence(sequence)

    def replay_left(self, application_id: int) -> int:
        """Finish what an earlier process has begun; return how many interactions that are."""
        left, self._left = self._left, ()
        return sum(self._replay(one, application_id) for one in left)

    def close(self, *, keep_session: bool) -> None:
        """Stop taking events, and let the next process serve. It resumes the session if that is kept."""
        if self._file is not None:
            if not keep_session:
                self._file.forget_session()
            self._file.close()
            self._file = None

    def _replay(self, left: LeftEvent, application_id: int) -> bool:
        """Begin an event that an earlier process has left; return whether that was done."""
        assert self._file is not None, "it is of the file"
        id = str(left.event.data["id"])
        if (reason := why_passed_over(left, self._now_s())) is not None:
            log.warning(_("interaction %(id)s: not taken over (%(reason)s)"), {"id": id, "reason": reason})
            self._file.finish(left.slot)
            return False
        if not self._is_new(id):
            self._file.finish(left.slot)
            return False
        self._file.begin_again(left)
        self._slots[int(id)] = left.slot
        # tasks that start here inherit the context
        mark = replayed_application.set(application_id)
        try:
            self._parse[left.event.name](left.event.data)
        except UNREADABLE as error:
            log.warning(_("interaction %(id)s: not taken over (%(reason)s)"), {"id": id, "reason": error})
            self.finish(int(id))
        finally:
            replayed_application.reset(mark)
        return True

    def _take(self, event: TakenEvent) -> None:
        if self._file is not None and (slot := self._file.take(event)) is not None:
            self._slots[int(event.data["id"])] = slot

    def _is_new(self, id: str) -> bool:
        now_s = self._mono_s()
        for old in list(_older(self._seen, now_s - SEEN_FOR_S)):
            del self._seen[old]
        if id in self._seen:
            return False
        self._seen[id] = now_s
        return True

    def _recording_session(self, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        def parse_and_record(data: Any) -> None:
            if self._file is not None:
                self._file.record_session(Session(str(data["session_id"]), str(data["resume_gateway_url"])))
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
    """Return an interaction without what its message shows, if that is long. Pure."""
    message = data.get("message")
    if not isinstance(message, dict) or len(repr(message)) <= SHORT_CHARS:
        return data
    return {**data, "message": {**message, "content": "", "embeds": [], "components": [], "attachments": []}}


def _older(seen: Mapping[str, float], limit_s: float) -> Iterable[str]:
    for id, at_s in seen.items():
        if at_s >= limit_s:
            return
        yield id
