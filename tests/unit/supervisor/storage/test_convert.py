"""The state directory of an earlier version is converted once, and nothing in it is lost.

The files in `earlier_state` were written by that version: `bot` is draining for a restart, `web` has failed, the check
of `job` has failed, the crashed `flush` is about to be started again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from supervisor.alerts.incidents import AlertState, Kind
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle import adoption
from supervisor.lifecycle.events import Adopted
from supervisor.lifecycle.model import DesiredState, ProcessId, Reason, State, text_reason
from supervisor.locale import reasons
from supervisor.storage import convert
from supervisor.storage.convert import convert_state_dir
from supervisor.storage.history import History
from supervisor.storage.journal import Journal

WRITTEN = Path(__file__).parent / "earlier_state"
SETTINGS = Program(command=("shop",))


@pytest.fixture
def paths(tmp_path: Path) -> InstancePaths:
    shutil.copytree(WRITTEN, tmp_path / "state")
    return InstancePaths(tmp_path / "state")


def test_the_journal_keeps_every_program(paths: InstancePaths) -> None:
    convert_state_dir(paths)
    assert not (paths.state_dir / "journal.json").exists()
    journal = Journal(paths.journal)
    assert (journal.broken_lines, sorted(journal.names())) == (0, ["bot", "flush", "job", "web"])
    bot = journal.load("bot", SETTINGS)
    assert (bot.desired, bot.state, bot.child) == (DesiredState.UP, State.DRAINING, ProcessId(4243, 120, "boot"))
    assert (bot.life.number, bot.life.version, bot.life.started_at) == (2, "0.2.0", 1_700_000_202.3)
    assert (bot.life.linked, bot.life.was_linked, bot.life.writes_traceback) == (True, True, True)
    assert (bot.life.pending, bot.life.extra_starts, bot.starts) == (("order 8",), 3, {472222: 5})
    assert bot.restart is not None
    assert (bot.restart.reason, bot.restart.requested_by) == (text_reason("edited"), "Admin")
    assert (bot.restart.ticket, bot.restart.phases.check_s) == ({"channel": 2}, 0.1)
    assert bot.last_exit is not None
    assert (bot.last_exit.code, bot.last_exit.reason) == (0, text_reason("ended as asked"))
    web = journal.load("web", SETTINGS)
    assert (web.state, web.reason) == (State.FATAL, text_reason("the port is taken"))
    assert web.life.goodbye == (78, text_reason("the port is taken"))
    assert journal.load("flush", SETTINGS).crashes_s == (130,)
    journal.close()


def test_a_running_process_of_the_old_journal_is_adopted(paths: InstancePaths) -> None:
    convert_state_dir(paths)
    journal = Journal(paths.journal)
    bot = journal.load("bot", SETTINGS)
    journal.close()
    assert adoption.event_since_journal(bot, "boot", lambda child: child.pid == 4243) == Adopted(2)


def test_the_history_keeps_every_report(paths: InstancePaths) -> None:
    convert_state_dir(paths)
    history = History(paths.history)
    job, web, bot = (reasons.report_fields(report) for report in history.newest(10))
    history.close()
    assert (bot["ok"], bot["reason"], bot["requested_by"], bot["cancelled"]) == (True, "new prices", "Admin", ["stats"])
    assert (web["ok"], web["error"], web["problem"]) == (False, "start_failed", "the port is taken")
    assert (job["error"], job["problem"]) == ("check_failed", "SyntaxError: shop.py")


def test_the_alerts_keep_incidents_and_undelivered_notifications(paths: InstancePaths) -> None:
    convert_state_dir(paths)
    state = msgspec.json.decode(paths.alerts.read_bytes(), type=AlertState)
    assert (state.targets, state.next_number) == (("1234abcd", "5678cdef"), 4)
    assert sorted(state.open) == ["disk", "problem:journal", "program:bot"]
    first, second, third = state.queue
    assert (first.incident.kind, first.undelivered, first.resolved) == (Kind.FATAL, ("1234abcd",), False)
    assert second.incident.reason == Reason("disk_free", {"free_mib": 0})
    assert (third.incident.kind, third.incident.reason) == (Kind.PROBLEM, text_reason("No space left on device"))
    assert state.delivered_at == {"5678cdef": (1_700_000_401.0,)}


def test_damaged_alerts_are_left_alone(paths: InstancePaths) -> None:
    paths.alerts.write_text('{"addresses": 7')
    convert_state_dir(paths)
    assert paths.alerts.read_text() == '{"addresses": 7'


def test_the_second_start_changes_nothing(paths: InstancePaths) -> None:
    convert_state_dir(paths)
    before = {path.name: path.read_bytes() for path in paths.state_dir.iterdir()}
    convert_state_dir(paths)
    assert {path.name: path.read_bytes() for path in paths.state_dir.iterdir()} == before


@pytest.mark.parametrize("step", ["_convert_lines", "unlink"])
def test_an_interrupted_conversion_starts_again(
    paths: InstancePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    expected = InstancePaths(tmp_path / "expected")
    shutil.copytree(WRITTEN, expected.state_dir)
    convert_state_dir(expected)

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if step == "unlink":
            patch.setattr(Path, "unlink", fail)
        else:
            convert_lines, calls = convert._convert_lines, iter([None])
            patch.setattr(convert, step, lambda *args: convert_lines(*args) if next(calls, 1) is None else fail())
        with pytest.raises(OSError, match="No space left"):
            convert_state_dir(paths)
    convert_state_dir(paths)
    for path in expected.state_dir.iterdir():
        assert (paths.state_dir / path.name).read_bytes() == path.read_bytes(), path.name


def test_broken_lines_are_left_out(paths: InstancePaths) -> None:
    for name in ("journal.json", "history.jsonl"):
        with (paths.state_dir / name).open("a") as file:
            file.write('{"name":"torn"}\n7\n{"name":"cut of')
    convert_state_dir(paths)
    journal = Journal(paths.journal)
    assert (len(journal.names()), journal.broken_lines) == (4, 0)
    journal.close()
