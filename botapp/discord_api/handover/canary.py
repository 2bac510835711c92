"""Whether two sessions of the bot get the same events. Pure.

That Discord sends each event to every session of a bot is not documented. So both processes compare what they receive
with what the other one takes, and a restart hands over only while the two agree.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from botapp.discord_api.handover.held_events import created_at_s

#: a process reports `prepared` when it misses nothing that is older
IN_STEP_S: Final = 0.2
#: a session that has not got an event after this time does not get it at all
GETS_NOTHING_S: Final = 10.0
#: what was sent before a session began can arrive at the other one a little later
SENT_BEFORE_S: Final = 1.0
#: a shop in which this time has passed without an event is quiet: it cannot be known what a session gets
QUIET_S: Final = 1.5


def find_missed(had: Mapping[int, float], has: Container[int], since_s: float, now_s: float) -> dict[int, float]:
    """Return the events that one session has got and the other one has not: for how many seconds, by id.

    Args:
        had: when one process has got each event, in seconds since 1970, by id.
        has: the ids that the other one has got.
        since_s: when both began to get events, in seconds since 1970.
        now_s: the time, in seconds since 1970.
    """
    begin_s = since_s + SENT_BEFORE_S
    return {
        id: now_s - at_s for id, at_s in had.items() if id not in has and at_s > begin_s and created_at_s(id) > begin_s
    }


def is_proven(had: Mapping[int, float], has: Container[int], now_s: float) -> bool:
    """Return whether a session gets what the other one gets, as far as that can be known.

    Args:
        had: when the process that serves has taken each event, in seconds since 1970, by id.
        has: the ids of the events that the session has got.
        now_s: the time, in seconds since 1970.
    """
    recent = [id for id, at_s in had.items() if now_s - at_s <= QUIET_S]
    return not recent or any(id in has for id in recent)


def is_in_step(missed_for_s: Mapping[int, float]) -> bool:
    """Return whether the session is so close to the other one that its process can take over now."""
    return all(age_s <= IN_STEP_S for age_s in missed_for_s.values())


def gets_nothing(missed_for_s: Mapping[int, float]) -> bool:
    """Return whether the session does not get what the other one gets."""
    return any(age_s > GETS_NOTHING_S for age_s in missed_for_s.values())
