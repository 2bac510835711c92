"""Incidents and the delivery of notifications, with a clock that the test sets."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from msgspec.structs import replace

from supervisor.alerts import delivery, incidents
from supervisor.alerts.delivery import Retry
from supervisor.alerts.incidents import AlertState, Kind, Observation
from supervisor.config.settings import Program
from supervisor.lifecycle.events import Exited, Flushed, Ready
from supervisor.lifecycle.machine import step
from supervisor.lifecycle.model import (
    DesiredState,
    ExitStatus,
    Instant,
    LifeState,
    ProgramState,
    Reason,
    State,
    text_reason,
)

TARGET = "1234abcd"
OTHER = "5678cdef"
LIMIT = 10_000_000
WINDOW_S = 300.0
PROGRAM = Program(command=("shop",), crash_window_s=WINDOW_S)


def at(mono_s: float) -> Instant:
    return Instant(mono_s, 1_000_000.0 + mono_s)


def bot(program_state: State = State.RUNNING, **given: object) -> ProgramState:
    return replace(ProgramState(name="bot", settings=PROGRAM, desired=DesiredState.UP, state=program_state), **given)


def fatal(reason: str = "no more", code: int = 1, **given: object) -> ProgramState:
    why = text_reason(reason)
    return bot(State.FATAL, reason=why, last_exit=ExitStatus(1, code, reason=why), **given)


def observe(
    *programs: ProgramState, free_bytes: int | None = 10 * LIMIT, problems: Mapping[str, str] | None = None
) -> Observation:
    return Observation({program.name: program for program in programs}, problems or {}, free_bytes, LIMIT)


def update(
    state: AlertState, observation: Observation, now_s: float = 100.0, targets: tuple[str, ...] = (TARGET,)
) -> AlertState:
    return incidents.update(state, observation, targets, at(now_s))


def notified(state: AlertState) -> list[tuple[Kind, str, bool]]:
    return [(n.incident.kind, n.incident.subject, n.resolved) for n in state.queue]


# --- incidents ---


def test_a_failed_program_is_notified_once_and_once_when_it_runs_again() -> None:
    state = update(AlertState(), observe(bot()))
    assert notified(state) == []
    for now_s in (100.0, 110.0, 9999.0):
        state = update(state, observe(fatal("crashed 6 times")), now_s)
    assert notified(state) == [(Kind.FATAL, "bot", False)]
    incident = state.queue[0].incident
    assert (incident.reason, incident.since) == (text_reason("crashed 6 times"), at(100).wall_s)
    state = update(state, observe(bot(State.STARTING)), 10_000)
    assert len(state.queue) == 1, "it does not serve yet"
    state = update(update(state, observe(bot()), 10_001), observe(bot()), 10_002)
    assert notified(state)[1:] == [(Kind.FATAL, "bot", True)]
    assert state.open == {}
    assert notified(update(state, observe(fatal()), 10_003))[2:] == [(Kind.FATAL, "bot", False)]


def test_a_refused_token_is_an_incident_of_its_own_kind() -> None:
    state = update(AlertState(), observe(fatal("the token was refused", code=77)))
    assert notified(state) == [(Kind.REFUSED, "bot", False)]
    state = update(state, observe(bot(State.STARTING)), 200)
    state = update(state, observe(fatal("no configuration", code=78)), 201)
    assert notified(state)[1:] == [(Kind.FATAL, "bot", False)]


def test_one_crash_is_no_incident_and_a_loop_is_notified_once() -> None:
    state = update(AlertState(), observe(bot(State.STARTING, crashes_s=(90.0,))))
    assert notified(state) == []
    crashed = bot(State.BACKOFF, crashes_s=(90.0, 99.0), last_exit=ExitStatus(2, signal="SIGSEGV"))
    state = update(state, observe(crashed))
    assert notified(state) == [(Kind.CRASH_LOOP, "bot", False)]
    assert state.queue[0].incident.reason == Reason("signal", {"name": "SIGSEGV"})
    for now_s in (101, 102):
        state = update(state, observe(bot(crashes_s=(90.0, 99.0))), now_s)
        state = update(state, observe(bot(State.BACKOFF, crashes_s=(90.0, 99.0, 102.0))), now_s)
    assert len(state.queue) == 1, "running for a moment is no recovery"
    assert notified(update(state, observe(fatal(crashes_s=(90.0, 99.0, 102.0))), 103))[1:] == [
        (Kind.FATAL, "bot", False)
    ]


def test_a_crash_loop_ends_after_a_window_without_a_crash() -> None:
    state = update(AlertState(), observe(bot(State.BACKOFF, crashes_s=(90.0, 99.0))))
    calm = {"bot": bot(crashes_s=(90.0, 99.0))}
    assert incidents.next_recovery_s(state, calm, at(101)) == 99.0 + WINDOW_S
    state = update(state, observe(calm["bot"]), 98.0 + WINDOW_S)
    assert len(state.queue) == 1
    state = update(state, observe(calm["bot"]), 99.0 + WINDOW_S)
    assert notified(state)[1:] == [(Kind.CRASH_LOOP, "bot", True)]
    assert incidents.next_recovery_s(state, calm, at(99.0 + WINDOW_S)) is None


def test_crashes_without_a_delay_are_a_loop_too() -> None:
    life, state = bot(State.STARTING, life=LifeState(1)), AlertState()
    for now_s in range(0, 3600, 12):
        for event in (Ready(life.life.number), Exited(life.life.number, 1), Flushed(life.life.number)):
            life, _ = step(life, event, at(now_s + 11 * isinstance(event, Exited)))
            state = update(state, observe(life), now_s + 11)
        assert (life.state, life.early_crashes_s) == (State.STARTING, ())
    assert notified(state) == [(Kind.CRASH_LOOP, "bot", False)]


def test_a_stopped_program_has_not_recovered() -> None:
    state = update(AlertState(), observe(fatal()))
    state = update(state, observe(bot(State.STOPPED, desired=DesiredState.DOWN)), 200)
    assert (len(state.queue), state.open) == (1, {})
    state = update(update(AlertState(), observe(fatal())), observe(), 200)
    assert (len(state.queue), state.open) == (1, {}), "nor one that is not configured any more"


def test_a_program_that_waits_to_start_is_not_notified_again() -> None:
    state = update(AlertState(), observe(fatal()))
    state = update(update(state, observe(bot(State.STOPPED)), 200), observe(fatal()), 201)
    assert len(state.queue) == 1


def test_a_low_disk_is_notified_once_and_resolved_well_above_the_limit() -> None:
    state = AlertState()
    for free_bytes in (LIMIT, LIMIT - 1, LIMIT - 2, LIMIT + 1, LIMIT - 1, None, LIMIT * 3 // 2 - 1):
        state = update(state, observe(free_bytes=free_bytes))
    assert notified(state) == [(Kind.DISK_LOW, "disk", False)]
    assert state.queue[0].incident.reason == Reason("disk_free", {"free_mib": 9})
    assert notified(update(state, observe(free_bytes=LIMIT * 3 // 2)))[1:] == [(Kind.DISK_LOW, "disk", True)]
    assert notified(update(AlertState(), replace(observe(free_bytes=0), disk_low_bytes=0))) == []


def test_problems_of_the_supervisor_are_notified_except_those_with_alerts() -> None:
    ill = observe(problems={"journal": "No space left on device", incidents.OWN_PROBLEM: "1: json://***: refused"})
    state = update(AlertState(), ill)
    assert notified(state) == [(Kind.PROBLEM, "journal", False)]
    assert state.queue[0].incident.reason == text_reason("No space left on device")
    assert notified(update(state, observe()))[1:] == [(Kind.PROBLEM, "journal", True)]


def test_a_program_called_disk_is_not_the_disk() -> None:
    state = update(AlertState(), observe(replace(fatal(), name="disk"), free_bytes=0))
    assert sorted(notified(state)) == [(Kind.DISK_LOW, "disk", False), (Kind.FATAL, "disk", False)]


# --- targets ---


def test_without_a_target_nothing_is_kept() -> None:
    assert update(AlertState(), observe(fatal()), targets=()) == AlertState()
    assert update(update(AlertState(), observe(fatal())), observe(fatal()), targets=()) == AlertState()


def test_a_new_target_gets_the_queue_and_a_removed_one_nothing() -> None:
    state = update(AlertState(), observe(fatal()), targets=(TARGET, OTHER))
    assert state.queue[0].undelivered == (TARGET, OTHER)
    assert update(state, observe(fatal()), targets=(OTHER,)).queue[0].undelivered == (OTHER,)
    assert update(state, observe(fatal()), targets=(TARGET, "corrected")).queue[0].undelivered == (TARGET, "corrected")
    assert update(state, observe(fatal()), targets=("corrected",)).queue[0].undelivered == ("corrected",)
    done = delivery.record_delivery(delivery.record_delivery(state, OTHER, [1], at(100)), TARGET, [1], at(100))
    assert update(done, observe(fatal()), targets=(TARGET, "corrected")).queue == (), "what was taken is not owed again"


def test_each_target_gets_what_it_has_not_received() -> None:
    state = update(AlertState(), observe(fatal()), targets=(TARGET, OTHER))
    state = delivery.record_delivery(state, OTHER, [1], at(100))
    assert state.queue[0].undelivered == (TARGET,)
    assert [one.target for one in delivery.due_batches(state, {}, at(100))] == [TARGET]


# --- limits and retries ---


def queued(count: int) -> AlertState:
    state = update(AlertState(), observe())
    for number in range(count):
        state = update(state, observe(replace(fatal(), name=f"p{number}")), 100)
    assert len(state.queue) == count
    return state


def test_the_queue_is_bounded_and_drops_the_oldest() -> None:
    state = update(AlertState(), observe())
    for number in range(incidents.MAX_QUEUED + 7):
        state = update(state, observe(replace(fatal(), name=f"p{number}")), 100)
    assert [one.number for one in state.queue] == list(range(8, incidents.MAX_QUEUED + 8))


def test_messages_per_hour_are_limited_and_the_rest_comes_in_one() -> None:
    state = queued(delivery.MAX_MESSAGES_PER_HOUR + 4)
    (batch,) = delivery.due_batches(state, {}, at(100))
    assert len(batch.messages) == delivery.MAX_MESSAGES_PER_HOUR
    assert batch.messages[:2] == ((1,), (2,))
    assert batch.messages[-1] == (10, 11, 12, 13, 14)
    for number, message in enumerate(batch.messages):
        state = delivery.record_delivery(state, TARGET, message, at(100 + number))
    assert (state.queue, delivery.next_delivery_s(state, {}, at(120))) == ((), None)
    state = update(update(state, observe(fatal()), 120), observe(replace(fatal(), name="shop")), 121)
    assert delivery.due_batches(state, {}, at(121)) == []
    assert delivery.next_delivery_s(state, {}, at(121)) == pytest.approx(100 + delivery.HOUR_S)
    (batch,) = delivery.due_batches(state, {}, at(100 + delivery.HOUR_S))
    assert batch.messages == ((15, 16),)


def test_a_clock_that_was_set_back_blocks_nothing() -> None:
    state = queued(1)
    for _ in range(delivery.MAX_MESSAGES_PER_HOUR):
        state = delivery.record_delivery(state, TARGET, [], Instant(100.0, 9e9))
    assert delivery.due_batches(state, {}, at(100)) != []
    assert delivery.next_delivery_s(state, {}, at(100)) == 100.0


def test_failed_deliveries_are_retried_with_growing_delays() -> None:
    state, retry, waits = queued(1), None, []
    now_s = 100.0
    for _ in range(12):
        retry = delivery.schedule_retry(retry, "refused", at(now_s))
        retries = {TARGET: retry}
        assert delivery.due_batches(state, retries, at(retry.at_s - 0.1)) == []
        assert delivery.next_delivery_s(state, retries, at(now_s)) == retry.at_s
        assert [one.messages for one in delivery.due_batches(state, retries, at(retry.at_s))] == [((1,),)]
        waits.append(retry.at_s - now_s)
        now_s = retry.at_s
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == waits[-1] == delivery.RETRY_LONGEST_S


def test_a_failing_target_does_not_delay_others() -> None:
    state = update(AlertState(), observe(fatal()), targets=(TARGET, OTHER))
    retries = {TARGET: Retry(3, 500.0, "refused")}
    assert [one.target for one in delivery.due_batches(state, retries, at(100))] == [OTHER]
    shown = delivery.describe_failures(state, retries, {TARGET: "1: json://***", OTHER: "2: tgram://***"})
    assert shown is not None
    assert "1: json://***: refused" in shown
    assert "tgram" not in shown
    assert delivery.describe_failures(state, {}, {TARGET: "1: json://***"}) is None


def test_the_state_is_kept_as_json() -> None:
    state = delivery.record_delivery(queued(3), TARGET, [2], at(100))
    assert msgspec.json.decode(msgspec.json.encode(state), type=AlertState) == state
