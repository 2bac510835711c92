"""What the owner is told, when, how often; by a clock that the test sets."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from msgspec.structs import replace

from supervisor.alerts import incidents as alerts
from supervisor.alerts.incidents import AlertState, Kind, Observation, Retry
from supervisor.config.settings import Program
from supervisor.lifecycle.model import DesiredState, ExitStatus, Instant, ProgramState, Reason, State, text_reason

ADDRESS = "1234abcd"
OTHER = "5678cdef"
LIMIT = 10_000_000
WINDOW_S = 300.0
PROGRAM = Program(command=("shop",), crash_window_s=WINDOW_S)


def at(mono_s: float) -> Instant:
    return Instant(mono_s, 1_000_000.0 + mono_s)


def bot(state: State = State.RUNNING, **given: object) -> ProgramState:
    return replace(ProgramState(name="bot", settings=PROGRAM, desired=DesiredState.UP, state=state), **given)


def fatal(reason: str = "no more", code: int = 1, **given: object) -> ProgramState:
    why = text_reason(reason)
    return bot(State.FATAL, reason=why, last_exit=ExitStatus(1, code, reason=why), **given)


def seen(
    *programs: ProgramState, free_bytes: int | None = 10 * LIMIT, problems: Mapping[str, str] | None = None
) -> Observation:
    return Observation({one.name: one for one in programs}, problems or {}, free_bytes, LIMIT)


def look(
    book: AlertState, what: Observation, now_s: float = 100.0, addresses: tuple[str, ...] = (ADDRESS,)
) -> AlertState:
    return alerts.look(book, what, addresses, at(now_s))


def told(book: AlertState) -> list[tuple[Kind, str, bool]]:
    return [(one.matter.kind, one.matter.subject, one.over) for one in book.waiting]


# --- what is told ---


def test_a_program_that_was_given_up_is_told_of_once_and_once_more_when_it_runs_again() -> None:
    book = look(AlertState(), seen(bot()))
    assert told(book) == []
    for now_s in (100.0, 110.0, 9999.0):
        book = look(book, seen(fatal("crashed 6 times")), now_s)
    assert told(book) == [(Kind.FATAL, "bot", False)]
    assert (book.waiting[0].matter.detail, book.waiting[0].matter.since) == (
        text_reason("crashed 6 times"),
        at(100).wall_s,
    )
    book = look(book, seen(bot(State.STARTING)), 10_000)
    assert len(book.waiting) == 1, "it does not serve yet"
    book = look(look(book, seen(bot()), 10_001), seen(bot()), 10_002)
    assert told(book)[1:] == [(Kind.FATAL, "bot", True)]
    assert book.open == {}
    assert told(look(book, seen(fatal()), 10_003))[2:] == [(Kind.FATAL, "bot", False)]


def test_a_refused_token_is_a_matter_of_its_own() -> None:
    book = look(AlertState(), seen(fatal("the token was refused", code=77)))
    assert told(book) == [(Kind.REFUSED, "bot", False)]
    book = look(book, seen(bot(State.STARTING)), 200)
    book = look(book, seen(fatal("no configuration", code=78)), 201)
    assert told(book)[1:] == [(Kind.FATAL, "bot", False)]


def test_the_first_crash_is_nobodys_concern_and_a_loop_is_told_of_once() -> None:
    book = look(AlertState(), seen(bot(State.STARTING, crashes_s=(90.0,))))
    assert told(book) == []
    crashed = bot(State.BACKOFF, crashes_s=(90.0, 99.0), last_exit=ExitStatus(2, signal="SIGSEGV"))
    book = look(book, seen(crashed))
    assert told(book) == [(Kind.CRASH_LOOP, "bot", False)]
    assert book.waiting[0].matter.detail == Reason("signal", {"name": "SIGSEGV"})
    for now_s in (101, 102):
        book = look(book, seen(bot(crashes_s=(90.0, 99.0))), now_s)
        book = look(book, seen(bot(State.BACKOFF, crashes_s=(90.0, 99.0, 102.0))), now_s)
    assert len(book.waiting) == 1, "running for a moment is no recovery"
    assert told(look(book, seen(fatal(crashes_s=(90.0, 99.0, 102.0))), 103))[1:] == [(Kind.FATAL, "bot", False)]


def test_a_crash_loop_is_over_when_nothing_has_crashed_for_the_length_of_the_window() -> None:
    book = look(AlertState(), seen(bot(State.BACKOFF, crashes_s=(90.0, 99.0))))
    calm = {"bot": bot(crashes_s=(90.0, 99.0))}
    assert alerts.recovery_due_s(book, calm, at(101)) == 99.0 + WINDOW_S
    book = look(book, seen(calm["bot"]), 98.0 + WINDOW_S)
    assert len(book.waiting) == 1
    book = look(book, seen(calm["bot"]), 99.0 + WINDOW_S)
    assert told(book)[1:] == [(Kind.CRASH_LOOP, "bot", True)]
    assert alerts.recovery_due_s(book, calm, at(99.0 + WINDOW_S)) is None


def test_a_program_that_the_operator_stops_has_not_recovered() -> None:
    book = look(AlertState(), seen(fatal()))
    book = look(book, seen(bot(State.STOPPED, desired=DesiredState.DOWN)), 200)
    assert (len(book.waiting), book.open) == (1, {})
    book = look(look(AlertState(), seen(fatal())), seen(), 200)
    assert (len(book.waiting), book.open) == (1, {}), "nor one that is not configured any more"


def test_one_that_is_wanted_but_waits_for_its_turn_is_not_told_of_again() -> None:
    book = look(AlertState(), seen(fatal()))
    book = look(look(book, seen(bot(State.STOPPED)), 200), seen(fatal()), 201)
    assert len(book.waiting) == 1


def test_the_disk_is_low_once_and_has_room_again_only_well_above_the_limit() -> None:
    book = AlertState()
    for free_bytes in (LIMIT, LIMIT - 1, LIMIT - 2, LIMIT + 1, LIMIT - 1, None, LIMIT * 3 // 2 - 1):
        book = look(book, seen(free_bytes=free_bytes))
    assert told(book) == [(Kind.DISK_LOW, "disk", False)]
    assert book.waiting[0].matter.detail == Reason("disk_free", {"free_mib": 9})
    assert told(look(book, seen(free_bytes=LIMIT * 3 // 2)))[1:] == [(Kind.DISK_LOW, "disk", True)]
    assert told(look(AlertState(), replace(seen(free_bytes=0), disk_low_bytes=0))) == []


def test_the_supervisors_own_trouble_is_told_but_for_that_with_alerts() -> None:
    ill = seen(problems={"journal": "No space left on device", alerts.OWN_TROUBLE: "1: json://***: refused"})
    book = look(AlertState(), ill)
    assert told(book) == [(Kind.TROUBLE, "journal", False)]
    assert book.waiting[0].matter.detail == text_reason("No space left on device")
    assert told(look(book, seen()))[1:] == [(Kind.TROUBLE, "journal", True)]


def test_a_program_called_disk_is_not_the_disk() -> None:
    book = look(AlertState(), seen(replace(fatal(), name="disk"), free_bytes=0))
    assert sorted(told(book)) == [(Kind.DISK_LOW, "disk", False), (Kind.FATAL, "disk", False)]


# --- to whom ---


def test_without_an_address_nothing_is_kept() -> None:
    assert look(AlertState(), seen(fatal()), addresses=()) == AlertState()
    assert look(look(AlertState(), seen(fatal())), seen(fatal()), addresses=()) == AlertState()


def test_an_address_that_is_new_gets_what_waits_and_one_that_is_gone_is_owed_nothing() -> None:
    book = look(AlertState(), seen(fatal()), addresses=(ADDRESS, OTHER))
    assert book.waiting[0].owed == (ADDRESS, OTHER)
    assert look(book, seen(fatal()), addresses=(OTHER,)).waiting[0].owed == (OTHER,)
    assert look(book, seen(fatal()), addresses=(ADDRESS, "corrected")).waiting[0].owed == (ADDRESS, "corrected")
    assert look(book, seen(fatal()), addresses=("corrected",)).waiting[0].owed == ("corrected",)
    done = alerts.taken(alerts.taken(book, OTHER, [1], at(100)), ADDRESS, [1], at(100))
    assert look(done, seen(fatal()), addresses=(ADDRESS, "corrected")).waiting == (), "what was taken is not owed again"


def test_each_address_is_owed_what_it_has_not_taken() -> None:
    book = look(AlertState(), seen(fatal()), addresses=(ADDRESS, OTHER))
    book = alerts.taken(book, OTHER, [1], at(100))
    assert book.waiting[0].owed == (ADDRESS,)
    assert [one.address for one in alerts.parcels(book, {}, at(100))] == [ADDRESS]


# --- how often ---


def waiting(count: int) -> AlertState:
    book = look(AlertState(), seen())
    for number in range(count):
        book = look(book, seen(replace(fatal(), name=f"p{number}")), 100)
    assert len(book.waiting) == count
    return book


def test_what_waits_is_bounded_and_the_oldest_goes() -> None:
    book = look(AlertState(), seen())
    for number in range(alerts.MAX_WAITING + 7):
        book = look(book, seen(replace(fatal(), name=f"p{number}")), 100)
    assert [one.number for one in book.waiting] == list(range(8, alerts.MAX_WAITING + 8))


def test_so_many_an_hour_and_the_rest_in_one() -> None:
    book = waiting(alerts.MAX_AN_HOUR + 4)
    (parcel,) = alerts.parcels(book, {}, at(100))
    assert len(parcel.messages) == alerts.MAX_AN_HOUR
    assert parcel.messages[:2] == ((1,), (2,))
    assert parcel.messages[-1] == (10, 11, 12, 13, 14)
    for number, message in enumerate(parcel.messages):
        book = alerts.taken(book, ADDRESS, message, at(100 + number))
    assert (book.waiting, alerts.send_due_s(book, {}, at(120))) == ((), None)
    book = look(look(book, seen(fatal()), 120), seen(replace(fatal(), name="shop")), 121)
    assert alerts.parcels(book, {}, at(121)) == []
    assert alerts.send_due_s(book, {}, at(121)) == pytest.approx(100 + alerts.HOUR_S)
    (parcel,) = alerts.parcels(book, {}, at(100 + alerts.HOUR_S))
    assert parcel.messages == ((15, 16),)


def test_a_clock_that_was_set_back_locks_nothing() -> None:
    book = waiting(1)
    for _ in range(alerts.MAX_AN_HOUR):
        book = alerts.taken(book, ADDRESS, [], Instant(100.0, 9e9))
    assert alerts.parcels(book, {}, at(100)) != []
    assert alerts.send_due_s(book, {}, at(100)) == 100.0


def test_an_address_that_takes_nothing_is_tried_later_and_later() -> None:
    book, retry, waits = waiting(1), None, []
    now_s = 100.0
    for _ in range(12):
        retry = alerts.failed(retry, "refused", at(now_s))
        retries = {ADDRESS: retry}
        assert alerts.parcels(book, retries, at(retry.at_s - 0.1)) == []
        assert alerts.send_due_s(book, retries, at(now_s)) == retry.at_s
        assert [one.messages for one in alerts.parcels(book, retries, at(retry.at_s))] == [((1,),)]
        waits.append(retry.at_s - now_s)
        now_s = retry.at_s
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == waits[-1] == alerts.RETRY_LONGEST_S


def test_one_address_that_takes_nothing_is_in_no_other_ones_way() -> None:
    book = look(AlertState(), seen(fatal()), addresses=(ADDRESS, OTHER))
    retries = {ADDRESS: Retry(3, 500.0, "refused")}
    assert [one.address for one in alerts.parcels(book, retries, at(100))] == [OTHER]
    shown = alerts.own_trouble(book, retries, {ADDRESS: "1: json://***", OTHER: "2: tgram://***"})
    assert shown is not None
    assert "1: json://***: refused" in shown
    assert "tgram" not in shown
    assert alerts.own_trouble(book, {}, {ADDRESS: "1: json://***"}) is None


def test_the_book_survives_as_json() -> None:
    book = alerts.taken(waiting(3), ADDRESS, [2], at(100))
    assert msgspec.json.decode(msgspec.json.encode(book), type=AlertState) == book
