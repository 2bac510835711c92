"""What the commands say, from what they are told."""

from __future__ import annotations

from typing import Any

import click
import pytest

from supervisor import __version__, locale
from supervisor.cli import exit_codes as exits
from supervisor.cli.commands.history import lines as history_lines
from supervisor.cli.commands.restart import failure
from supervisor.cli.commands.status import next_commands, report
from supervisor.cli.terminal import formatting as words


def program(**given: Any) -> dict[str, Any]:
    """Return one program of `status`, running and fine but for what is given."""
    return {
        "name": "bot",
        "desired": "up",
        "state": "RUNNING",
        "pid": 42,
        "life": 3,
        "uptime_s": 7503.2,
        "restarts": 2,
        "rss_bytes": 88_080_384,
        "last_exit": None,
        "health": {"livestock": {"is_healthy": True}},
        "pending": [],
        "reason": None,
        "restart": None,
        "retry_in_s": None,
        **given,
    }


def finished(**given: Any) -> dict[str, Any]:
    """Return the report of a restart that went well but for what is given."""
    return {
        "program": "bot",
        "from_life": 2,
        "to_life": 3,
        "ok": True,
        "reason": "new prices",
        "requested_by": "Admin",
        "at": 1000.0,
        "phases": {"check_s": 0.31, "drain_s": 0.02, "stop_s": 0.01, "flush_s": 0.0, "start_s": None},
        "downtime_s": 0.42,
        "drained": ["order 7"],
        "cancelled": [],
        "flushed_entries": 12,
        "error": None,
        "problem": None,
        **given,
    }


def view(*programs: dict[str, Any], **supervisor: Any) -> dict[str, Any]:
    return {"supervisor": {"pid": 41, "uptime_s": 60.0, "problems": {}, **supervisor}, "programs": list(programs)}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.004, "0.00 s"),
        (0.42, "0.42 s"),
        (9.994, "9.99 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3601, "1 h"),
        (7503.2, "2 h 5 min"),
        (86_400 * 3 + 59, "3 d"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(None, "–"), (0, "0 KiB"), (20_480, "20 KiB"), (88_080_384, "84 MiB")])
def test_a_size(count: int | None, text: str) -> None:
    assert words.size(count) == text


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (None, "–"),
        ({"code": 0, "signal": None}, "exit 0"),
        ({"code": None, "signal": None}, "exit unknown"),
        ({"code": None, "signal": "SIGKILL"}, "signal SIGKILL"),
        ({"code": 77, "signal": None, "reason": "the token was refused"}, "exit 77: the token was refused"),
    ],
)
def test_an_ending(last: dict[str, Any] | None, text: str) -> None:
    assert words.ending(last) == text


def test_health_names_what_is_sick_and_why() -> None:
    sick = {"livestock": {"is_healthy": False, "last_error": "Database gone"}, "buttons": {"is_healthy": True}}
    assert words.health(program(health=sick)) == "livestock: Database gone"
    assert words.health(program()) == "fine"
    assert words.health(program(health={})) == "–"
    assert words.health(program(state="STARTING")) == "–"


def test_the_last_column_gives_way_where_the_terminal_is_narrow() -> None:
    rows = [("A", "HEALTH"), ("bot", "a long story about a database")]
    assert words.table(rows, 20) == ["A    HEALTH", "bot  a long story a…"]
    assert words.table(rows, None)[1] == "bot  a long story about a database"


def test_status_tells_a_person_what_there_is_to_know() -> None:
    last_exit = {"life": 2, "code": None, "signal": "SIGKILL", "reason": None, "at": 940.0}
    text = click.unstyle("\n".join(report(view(program(last_exit=last_exit)), [finished()], 1060.0, None)))
    assert "supervisor 41, up 1 min" in text
    assert "bot      RUNNING  3     42   2 h 5 min  84 MiB  fine" in text
    assert "bot: life 2 ended: signal SIGKILL, 2 min ago" in text
    assert "last restart 1 min ago: bot: life 2 → 3, down for 0.42 s" in text
    assert text.endswith("Next: stocksup restart · stocksup logs -f · stocksup stop")


def test_status_tells_what_is_under_way_and_what_is_wrong() -> None:
    draining = program(restart={"phase": "drain", "requested_by": "Admin", "reason": ""}, pending=["order 7"])
    failing = program(name="relay", state="BACKOFF", reason="exit 1", retry_in_s=4.0, pid=None, uptime_s=None)
    text = "\n".join(report(view(draining, failing, problems={"journal": "No space left"}), [], 0.0, None))
    assert "bot: a restart is under way (drain, asked for by Admin)" in text
    assert "bot: still finishing order 7" in text
    assert "relay: exit 1; next try in 4.00 s" in text
    assert "supervisor: journal is in trouble: No space left" in text


def test_no_line_of_the_table_is_wider_than_the_terminal() -> None:
    sick = program(health={"livestock": {"is_healthy": False, "last_error": "x" * 300}})
    assert max(len(click.unstyle(line)) for line in report(view(sick), [], 0.0, 60)[2:4]) == 60


@pytest.mark.parametrize(
    ("states", "first"),
    [
        (["RUNNING"], "stocksup restart"),
        (["RUNNING", "STOPPED"], "stocksup start"),
        (["RUNNING", "BACKOFF"], "stocksup logs p1"),
        (["BACKOFF", "FATAL"], "stocksup logs p1"),
    ],
)
def test_the_next_command_is_about_what_is_worst(states: list[str], first: str) -> None:
    assert next_commands([program(name=f"p{i}", state=state) for i, state in enumerate(states)])[0] == first


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("life 3 of bot starts", "life 3 dari bot dimulai"),
        ("life 3 of bot goes on", "life 3 dari bot berlanjut"),
        ("life 3 of bot ended: exit 78", "life 3 dari bot berakhir: exit 78"),
        ("life 3 of bot ended: exit unknown", "life 3 dari bot berakhir: exit tidak diketahui"),
        ("something else", "something else"),
    ],
)
def test_marks_are_shown_in_the_language_in_use(what: str, said: str) -> None:
    line = "--- stocksup 2026-11-24T04:00:00+0700: {} ---"
    locale.use("id")
    try:
        assert words.mark(line.format(what)) == line.format(said)
        assert [words.phase(one) for one in ("drain", "wait")] == ["drain", "menunggu"]
    finally:
        locale.use("en")
    assert words.mark(line.format(what)) == line.format(what)


def test_history_shows_phases_and_work() -> None:
    head, *facts = history_lines(finished(cancelled=["order 8"]))
    assert head.endswith("bot: life 2 → 3, down for 0.42 s")
    assert facts == [
        "    asked for by Admin: “new prices”",
        "    check 0.31 s, drain 0.02 s, stop 0.01 s, flush 0.00 s",
        "    finished: order 7",
        "    cut off: order 8",
        "    cache: 12 entries flushed",
    ]


def test_unknown_figures_are_left_out_of_history() -> None:
    bare = finished(requested_by="", reason="", phases={}, drained=[], flushed_entries=None, downtime_s=None)
    assert len(history_lines(bare)) == 1


def test_a_failed_restart_says_who_serves_and_what_was_wrong() -> None:
    failed = finished(ok=False, to_life=None, error="check_failed", problem="Traceback\n  line 3\nNameError: prise")
    assert "the old life serves on" in failure(failed)
    assert "NameError: prise" in failure(failed)
    assert words.restart(failed) == "bot: life 2 served on, failed: NameError: prise"
    down = finished(ok=False, to_life=None, error="start_failed", problem="exit 1")
    assert failure(down).startswith("bot is down: the old life has ended")
    assert words.restart(down) == "bot: no life after 2, failed: exit 1"


@pytest.mark.parametrize(
    ("code", "number"),
    [("not_running", 3), ("timed_out", 4), ("bad_config", 78), ("check_failed", 1), ("what_ever", 1)],
)
def test_refusals_at_the_door_have_their_exit_codes(code: str, number: int) -> None:
    assert exits.of_door_error(code) == number


def test_other_releases_are_named_and_how_to_renew_the_supervisor() -> None:
    shown = "\n".join(report(view(program(version="9.1.0"), version="9.0.0"), [], 0.0, None))
    assert f"the supervisor is release 9.0.0, this command {__version__}; to renew it: stocksup stop, st" in shown
    assert "bot is release 9.1.0, the supervisor 9.0.0" in shown
    same = "\n".join(report(view(program(version=__version__), version=__version__), [], 0.0, None))
    assert "release" not in same
