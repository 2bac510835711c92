"""`status --watch`: what is measured between two looks, what fits on the screen, when it looks again."""

from __future__ import annotations

import select
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli.terminal.output import coloured, without_marks
from supervisor.cli.terminal.screen import fit
from supervisor.cli.watch import EventSignal, measure_cpu, with_cpu
from supervisor.client import open_socket


def program(cpu_s: float | None, pid: int | None = 42) -> dict[str, Any]:
    return {"name": "bot", "pid": pid, "cpu_s": cpu_s, "cpu_percent": 0.5}


def test_cpu_is_measured_between_two_looks() -> None:
    first = measure_cpu({}, [program(10.0)], 100.0)
    assert with_cpu(program(10.0), first)["cpu_percent"] == 0.5  # of its whole life
    second = measure_cpu(first, [program(10.5)], 102.0)
    assert with_cpu(program(10.5), second)["cpu_percent"] == 25.0
    # an event just after the last look: the figure stays, and so does the moment that it counts from
    third = measure_cpu(second, [program(10.52)], 102.1)
    assert third == second
    assert with_cpu(program(11.0), measure_cpu(third, [program(11.0)], 103.0))["cpu_percent"] == 50.0


@pytest.mark.parametrize("now", [program(0.1, pid=43), program(None, pid=None), {"name": "relay"}])
def test_a_new_process_begins_again(now: dict[str, Any]) -> None:
    before = measure_cpu(measure_cpu({}, [program(10.0)], 100.0), [program(10.5)], 102.0)
    after = measure_cpu(before, [now], 103.0)
    assert with_cpu(now, after) == now


def test_what_has_no_room_is_counted() -> None:
    lines = ["one two three", coloured("four", "red"), "five"]
    assert [without_marks(line) for line in fit(lines, 80, 24)] == ["one two three", "four", "five"]
    assert len(fit(lines, 80, 3)) == 3
    assert [line.startswith("…") for line in fit(lines, 9, 3)] == [False, False, True]
    assert "2" in fit(lines, 9, 3)[-1]
    assert max(len(without_marks(line)) for line in fit(lines, 9, 24)) < 9
    assert len(fit(lines, 1, 1)) == 1


def is_readable(events: EventSignal) -> bool:
    return events.fd is not None and bool(select.select([events.fd], [], [], 0)[0])


def test_events_wake_until_the_supervisor_has_gone_and_again_from_the_next(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    events = EventSignal(lambda: path)
    events.connect()
    assert events.fd is None
    for _supervisor in range(2):
        with open_socket(path, listen=True) as listener:
            events.connect()
            supervisor, _address = listener.accept()
            with supervisor:
                assert b'"events"' in supervisor.recv(1000)
                assert not is_readable(events)
                supervisor.send(b'{"v":1,"event":{"type":"state"}}\n')
                assert is_readable(events)
                events.clear()
                assert not is_readable(events)
            events.clear()
            assert events.fd is None
        path.unlink()
    events.close()
