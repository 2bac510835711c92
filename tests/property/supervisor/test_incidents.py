"""Random histories of incidents and deliveries: incidents alternate with resolutions, and messages are limited."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from supervisor.alerts import delivery, incidents
from supervisor.alerts.incidents import AlertState, Observation
from supervisor.config.settings import Program
from supervisor.lifecycle.model import DesiredState, ExitStatus, Instant, ProgramState, State

PROGRAM = Program(command=("shop",), crash_window_s=300.0)
TARGETS = ("one", "two")


@st.composite
def worlds(draw: st.DrawFn) -> Observation:
    """Return an observation; crashes are in seconds before the present, which the test does not know yet."""
    programs = {}
    for name in ("bot", "shop"):
        programs[name] = ProgramState(
            name=name,
            settings=PROGRAM,
            desired=draw(st.sampled_from(DesiredState)),
            state=draw(st.sampled_from(State)),
            last_exit=draw(st.sampled_from([None, ExitStatus(1, 77), ExitStatus(1, 1)])),
            crashes_s=tuple(sorted(draw(st.lists(st.floats(0, 9000), max_size=3)))),
        )
    problems = draw(st.dictionaries(st.sampled_from(["journal", "history"]), st.just("No space left"), max_size=2))
    return Observation(programs, problems, draw(st.sampled_from([None, 0, 120, 10_000])), 100)


steps = st.lists(st.tuples(st.floats(0.1, 900), worlds(), st.booleans()), max_size=40)


@given(steps)
def test_incidents_alternate_with_resolutions_and_messages_per_hour_are_limited(
    history: list[tuple[float, Observation, bool]],
) -> None:
    state, retries, mono_s = AlertState(), dict[str, delivery.Retry](), 0.0
    got: dict[str, list[float]] = defaultdict(list)
    delivered: dict[str, list[int]] = defaultdict(list)
    open_since: dict[tuple[bool, str], bool] = {}
    for passed_s, world, works in history:
        mono_s += passed_s
        now = Instant(mono_s, 1e9 + mono_s)
        before, state = state, incidents.update(state, world, TARGETS, now)
        assert len(state.queue) <= incidents.MAX_QUEUED
        for alert in (one for one in state.queue if one.number >= before.next_number):
            key = (alert.incident.kind in (incidents.Kind.PROBLEM, incidents.Kind.DISK_LOW), alert.incident.subject)
            if alert.resolved:
                assert open_since.pop(key), f"{key} is over without having begun"
            else:
                open_since[key] = True
        for batch in delivery.due_batches(state, retries, now):
            for message in batch.messages:
                if works:
                    retries.pop(batch.target, None)
                    state = delivery.record_delivery(state, batch.target, message, now)
                    got[batch.target].append(mono_s)
                    delivered[batch.target] += message
                else:
                    retries[batch.target] = delivery.schedule_retry(retries.get(batch.target), "no", now)
                    break
        due_s = delivery.next_delivery_s(state, retries, now)
        assert due_s is None or due_s > mono_s, "the loop would not rest"
        assert msgspec.json.decode(msgspec.json.encode(state), type=AlertState) == state
    for times in got.values():
        for first, eleventh in zip(times, times[delivery.MAX_MESSAGES_PER_HOUR :], strict=False):
            assert eleventh - first >= delivery.HOUR_S
    for numbers in delivered.values():
        assert numbers == sorted(set(numbers)), "in order, and none twice"
