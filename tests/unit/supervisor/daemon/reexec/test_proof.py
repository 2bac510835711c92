"""What a proof finds, and how it says where."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from supervisor.config.paths import InstancePaths
from supervisor.daemon.reexec import proof
from supervisor.lifecycle.model import Phases, ProgramState, Reason, RestartReport

_REPORT = RestartReport(
    program="bot", from_life=1, to_life=2, ok=True, reason=Reason("schedule"), requested_by="x", at=1.0,
    phases=Phases(), downtime_s=None,
)  # fmt: skip
STATE = msgspec.json.encode(ProgramState(name="bot"))
REPORT = msgspec.json.encode(_REPORT)


@pytest.mark.parametrize(
    ("journal", "history", "place"),
    [
        (STATE, REPORT, None),
        (STATE + b"\n" + STATE.replace(b'"STOPPED"', b'"NEW"'), REPORT, ("journal.jsonl", "line 2")),
        (STATE, REPORT + b"\n" + REPORT[:-9], ("history.jsonl", "line 2")),
        (b"\xff", REPORT, ("journal.jsonl", "line 1")),
    ],
    ids=["all", "a new state", "half a report", "no text"],
)
def test_every_line_has_to_be_readable(
    tmp_path: Path, journal: bytes, history: bytes, place: tuple[str, str] | None
) -> None:
    paths = InstancePaths(tmp_path)
    paths.journal.write_bytes(journal + b"\n")
    paths.history.write_bytes(history + b"\n")
    problem = proof.find_unreadable_line(paths)
    assert (problem is None) == (place is None)
    assert all(part in str(problem) for part in place or ())


@pytest.mark.parametrize("text", ["one = (\n", "\nimport no_such_module\n", "def one():\n    1/0\none()\n"])
def test_place_and_cause_of_code_that_does_not_load(
    tmp_path: Path, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "module.py"
    with pytest.raises((SyntaxError, ImportError, ZeroDivisionError)) as raised:
        exec(compile(text, str(file), "exec"), {})
    error = raised.value
    proof.explain(type(error), error, error.__traceback__)
    line = 1 if isinstance(error, SyntaxError) else 2
    said = capfd.readouterr().err
    assert said.startswith(f"{file}, line {line}: {type(error).__name__}: ")
    assert said.count("\n") == 1
