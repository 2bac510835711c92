"""The texts of the commands."""

from __future__ import annotations

from typing import Any

import click
import pytest

from supervisor import __version__, locale
from supervisor.cli import exit_codes as exits
from supervisor.cli.commands.history import lines as history_lines
from supervisor.cli.commands.restart import exit_code, failure_text
from supervisor.cli.commands.status import next_commands, report
from supervisor.cli.errors import CommandError, Continued, usage_problem
from supervisor.cli.terminal import formatting
from supervisor.cli.terminal.output import without_marks
from supervisor.cli.terminal.params import Seconds


def program(**given: Any) -> dict[str, Any]:
    """Return one program of `status`, running and healthy, except for `given`."""
    return {
        "name": "bot",
        "desired": "up",
        "state": "RUNNING",
        "pid": 42,
        "life": 3,
        "uptime_s": 7503.2,
        "restarts": 2,
        "cpu_percent": 0.42,
        "restarts_today": 0,
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
    """Return the report of a successful restart, except for `given`."""
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
        (0.004, "4.0 ms"),
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
def test_duration(seconds: float | None, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(None, "–"), (0, "0 KiB"), (20_480, "20 KiB"), (88_080_384, "84 MiB")])
def test_size(count: int | None, text: str) -> None:
    assert formatting.size(count) == text


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
def test_exit_text(last: dict[str, Any] | None, text: str) -> None:
    assert formatting.exit_text(last) == text


def test_health_names_the_unhealthy_component() -> None:
    sick = {"livestock": {"is_healthy": False, "last_error": "Database gone"}, "buttons": {"is_healthy": True}}
    assert formatting.running_problems(program(health=sick)) == ["stock: Database gone"]
    assert formatting.health_text(program(health=sick)) == "unhealthy"
    assert formatting.health_text(program()) == "healthy"
    assert formatting.health_text(program(health={})) == "–"
    assert formatting.health_text(program(state="STARTING")) == "–"


def test_status_tells_each_cause_in_a_line_of_its_own() -> None:
    causes = {
        "database": {"is_healthy": False, "last_error": "it is damaged; run: stocksup stop bot"},
        "cache": {"is_healthy": False, "last_error": "No space left"},
    }
    rows = report(view(program(health=causes)), [], 0.0)
    assert any(without_marks(row).endswith("84 MiB  unhealthy") for row in rows)
    assert rows[-5:-2] == ["", "bot: database: it is damaged; run: stocksup stop bot", "bot: cache: No space left"]


def test_status_tells_each_reason_once() -> None:
    """The token was refused: the reason of the state, of the last exit and of the last restart."""
    why = "Discord refused the token; then: stocksup start"
    exited = {"life": 3, "code": 77, "signal": None, "reason": why, "at": 1000.0}
    failed = finished(ok=False, to_life=None, error="start_failed", problem=why)
    text = "\n".join(report(view(program(state="FATAL", reason=why, last_exit=exited)), [failed], 1003.0))
    assert text.count(why) == 1
    assert "process 3 exited 3.00 s ago: exit 77\n" in text
    # later it runs: nothing says that it does not
    text = "\n".join(report(view(program(life=4, last_exit=exited)), [failed], 1003.0))
    assert text.count(why) == 1
    assert f"process 3 exited 3.00 s ago: exit 77: {why}\n" in text
    assert "bot: restart failed, the program was down\n" in text


def test_status() -> None:
    last_exit = {"life": 2, "code": None, "signal": "SIGKILL", "reason": None, "at": 940.0}
    text = without_marks("\n".join(report(view(program(last_exit=last_exit)), [finished()], 1060.0)))
    assert "supervisor PID 41, up 1 min" in text
    assert "bot      RUNNING  3        42   2 h 5 min  0.4 %  84 MiB  healthy" in text
    assert "bot: process 2 exited 2 min ago: signal SIGKILL" in text
    assert "last restart 1 min ago: bot: process 2 → 3, down for 0.42 s" in text
    assert text.endswith("Next: stocksup restart · stocksup logs -f · stocksup stop")


def test_status_counts_the_restarts_of_the_day() -> None:
    several = view(program(restarts_today=2), program(name="relay"), program(name="board", restarts_today=1))
    assert "restarts today: bot 2, board 1" in report(several, [], 0.0)
    assert not any("today" in line for line in report(view(program()), [], 0.0))


@pytest.mark.parametrize(
    ("share", "text"), [(None, "–"), (0.0, "0.0 %"), (9.94, "9.9 %"), (9.96, "10 %"), (187.4, "187 %")]
)
def test_percent(share: float | None, text: str) -> None:
    assert formatting.percent(share) == text


def test_status_during_a_restart_and_with_problems() -> None:
    draining = program(restart={"phase": "drain", "requested_by": "Admin", "reason": ""}, pending=["order 7"])
    failing = program(name="relay", state="BACKOFF", reason="exit 1", retry_in_s=4.0, pid=None, uptime_s=None)
    text = "\n".join(report(view(draining, failing, problems={"journal": "No space left"}), [], 0.0))
    assert "bot: restarting (drain, requested by Admin)" in text
    assert "bot: finishing order 7" in text
    assert "relay: exit 1; next try in 4.00 s" in text
    assert "supervisor: journal fails: No space left" in text


@pytest.mark.parametrize(
    ("state", "what"),
    [
        ("preparing", "gets ready beside it"),
        ("prepared", "is ready to take over"),
        ("waiting", "waits, to serve again if the new one fails"),
        ("retiring", "finishes its work"),
        ("killing", "is being stopped"),
    ],
)
def test_status_tells_what_the_second_process_does(state: str, what: str) -> None:
    second = {"life": 2, "pid": 40, "state": state}
    shown = program(**{"prepared" if state in ("preparing", "prepared") else "retiring": second})
    assert f"bot: process 2 (PID 40) {what}" in report(view(shown), [], 0.0)


@pytest.mark.parametrize(("count", "first"), [(1, "stocksup restart"), (2, "stocksup logs bot")])
def test_status_shows_crashes_of_a_program_that_runs_again(count: int, first: str) -> None:
    crashing = program(recent_crashes=count, crash_window_s=300.0)
    text = "\n".join(report(view(crashing), [], 0.0))
    assert (f"bot: {count} crashes in the last 5 min" in text) is (count > 1)
    assert next_commands([crashing])[0] == first
    assert next_commands([{**crashing, "state": "STOPPED"}])[0] == "stocksup start"


@pytest.mark.parametrize(
    ("states", "first"),
    [
        (["RUNNING"], "stocksup restart"),
        (["RUNNING", "STOPPED"], "stocksup start p1"),
        (["STOPPED", "STOPPED"], "stocksup start"),
        (["RUNNING", "BACKOFF"], "stocksup logs p1"),
        (["BACKOFF", "FATAL"], "stocksup logs p1"),
    ],
)
def test_next_command_addresses_the_worst_state(states: list[str], first: str) -> None:
    assert next_commands([program(name=f"p{i}", state=state) for i, state in enumerate(states)])[0] == first


@pytest.mark.parametrize(
    ("event", "translated"),
    [
        ("life 3 of bot starts", "proses 3 dari bot dimulai"),
        ("life 3 of bot goes on", "proses 3 dari bot berlanjut"),
        ("life 3 of bot ended: exit 78", "proses 3 dari bot berakhir: exit 78"),
        ("life 3 of bot ended: exit unknown", "proses 3 dari bot berakhir: exit tidak diketahui"),
        ("something else", "something else"),
    ],
)
def test_markers_are_translated(event: str, translated: str) -> None:
    line = "--- stocksup 2026-11-24T04:00:00+0700: {} ---"
    locale.use("id")
    try:
        assert formatting.translate_marker(line.format(event)) == line.format(translated)
        assert [formatting.phase_name(one) for one in ("drain", "wait")] == ["drain", "menunggu"]
    finally:
        locale.use("en")
    # people do not meet the word of the file
    assert formatting.translate_marker(line.format(event)) == line.format(event).replace("life 3", "process 3")


def test_history_with_phases_and_work() -> None:
    head, *facts = history_lines(finished(cancelled=["order 8"]))
    assert head.endswith("bot: process 2 → 3, down for 0.42 s")
    assert facts == [
        "    requested by Admin: “new prices”",
        "    check 0.31 s, drain 20.0 ms, stop 10.0 ms, flush 0.00 s",
        "    cancelled: order 8",
        "    cache entries cleared: 12",
    ]


def test_history_leaves_unknown_figures_out() -> None:
    bare = finished(requested_by="", reason="", phases={}, drained=[], flushed_entries=None, downtime_s=None)
    assert len(history_lines(bare)) == 1


def test_failed_restart() -> None:
    failed = finished(ok=False, to_life=None, error="check_failed", problem="Traceback\n  line 3\nNameError: prise")
    assert "keeps running" in failure_text(failed)
    assert "NameError: prise" in failure_text(failed)
    assert formatting.restart_summary(failed) == "bot: restart failed, process 2 kept running: NameError: prise"
    down = finished(ok=False, to_life=None, error="start_failed", problem="exit 1")
    assert failure_text(down).startswith("restart failed, bot is not running")
    assert formatting.restart_summary(down) == "bot: restart failed, the program was down: exit 1"


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("not_running", 3),
        ("timed_out", 4),
        ("bad_config", 78),
        ("unknown_program", 2),
        ("check_failed", 1),
        ("what_ever", 1),
    ],
)
def test_exit_codes_of_control_errors(code: str, number: int) -> None:
    assert exits.of_control_error(code) == number


@pytest.mark.parametrize(("params", "number"), [({"code": 78}, 78), ({"code": 1}, 1), ({"code": None}, 1), ({}, 1)])
def test_exit_code_of_a_failed_restart(params: dict[str, Any], number: int) -> None:
    assert exit_code(finished(ok=False, error="check_failed", error_params=params)) == number


def test_ctrl_c_says_what_continues() -> None:
    with pytest.raises(CommandError) as error, Continued("the restart continues"):
        raise KeyboardInterrupt
    assert (str(error.value), error.value.code) == ("the restart continues", 130)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (click.NoSuchCommand("stauts", possibilities=["status", "start"]), "; did you mean: status, start"),
        (click.NoSuchOption("--forground", possibilities=["--foreground"]), "; did you mean: --foreground"),
        (click.NoSuchOption("--x", possibilities=["--foreground"]), "no such option '--x'"),
        (click.UsageError("Missing argument 'X'. Choose from:\n\tbash,\n\tzsh"), "Choose from: bash, zsh"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(error: click.UsageError, text: str) -> None:
    assert usage_problem(error).endswith(text)
    assert usage_problem(error)[0].islower()


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e300", "-1", "0", "x", ""])
def test_number_of_seconds(word: str) -> None:
    seconds = Seconds(0.1, 86_400)
    assert seconds.convert("0.2", None, None) == 0.2
    with pytest.raises(click.BadParameter):
        seconds.convert(word, None, None)


def test_status_with_other_versions() -> None:
    shown = "\n".join(report(view(program(version="9.1.0"), version="9.0.0"), [], 0.0))
    assert f"the supervisor has version 9.0.0, this command {__version__}; to update it: stocksup upgrade" in shown
    assert "bot has version 9.1.0, the supervisor 9.0.0" in shown
    same = "\n".join(report(view(program(version=__version__), version=__version__), [], 0.0))
    assert "version" not in same


def test_status_with_changed_files() -> None:
    shown = view(program(files_changed=True), version=__version__)
    assert [line for line in report(shown, [], 0.0) if "files" in line] == [
        "bot: its files have changed since it started; to run them: stocksup restart bot"
    ]
    shown["supervisor"]["files_changed"] = True
    assert [line for line in report(shown, [], 0.0) if "upgrade" in line] == [
        "the files of stocksup have changed since it started; to run them: stocksup upgrade"
    ]


def test_a_command_to_type_is_not_broken() -> None:
    command = "stocksup --config /srv/a-shop/with/a/long/path/config.toml start bot"
    assert formatting.wrap_line(f"Your answers are saved; go on with: {command}", 40) == [
        "Your answers are saved; go on with:",
        command,
    ]
    assert formatting.wrap_line("one two three", 8) == ["one two", "three"]
