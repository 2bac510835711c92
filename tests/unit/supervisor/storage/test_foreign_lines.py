"""Lines in the files of the state directory that no supervisor of this version wrote."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from supervisor.cli.commands.history import read_history
from supervisor.config.settings import Program
from supervisor.lifecycle.effects import LogLine
from supervisor.lifecycle.model import Phases, ProgramState, Reason, RestartReport
from supervisor.locale import reasons
from supervisor.storage.history import History
from supervisor.storage.journal import Journal

REPORT = RestartReport(
    program="bot", from_life=1, to_life=2, ok=True, reason=Reason("text", {"text": "an update"}), requested_by="root",
    at=1_795_478_401.0, phases=Phases(), downtime_s=0.5,
)  # fmt: skip
FOREIGN = [
    b"{}",
    b'{"program":"bot"}',
    b'{"program":1,"from_life":"x"}',
    b"[1]",
    b"null",
    b"\xff\x00",
    b'{"deep":' + b"[" * 100_000,
    b'{"error":{"code":"x"}}',
    msgspec.json.encode({**msgspec.structs.asdict(REPORT), "phases": "long"}),
]


@pytest.mark.parametrize("line", FOREIGN, ids=lambda line: line[:20].decode(errors="replace"))
def test_foreign_line_in_the_history_is_ignored(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(line + b"\n" + msgspec.json.encode(REPORT) + b"\n" + line + b"\n")
    history = History(path)
    history.add(RestartReport(**{**msgspec.structs.asdict(REPORT), "at": REPORT.at + 1}))
    for newest in ([*map(reasons.report_fields, history.newest(5))], read_history(path, 5)):
        assert [report["at"] for report in newest] == [REPORT.at + 1, REPORT.at]
        assert [report["reason"] for report in newest] == ["an update", "an update"]
    history.close()


def test_code_of_a_newer_version_is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    newer = msgspec.json.decode(msgspec.json.encode(REPORT))
    newer |= {"reason": {"code": "newer", "params": {}}, "error": {"code": "newest", "params": {"a": 1}}, "more": True}
    path.write_bytes(msgspec.json.encode(newer) + b"\n")
    (shown,) = map(reasons.report_fields, History(path).newest(5))
    assert (shown["reason"], shown["reason_code"]) == ("newer", "newer")
    assert (shown["problem"], shown["error"]) == ("newest", "newest")


def test_report_of_a_newer_version_with_a_text_as_its_problem_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    newer = msgspec.json.decode(msgspec.json.encode(REPORT))
    newer |= {"error": {"code": "check_failed", "params": {"problem": "syntax"}}}
    path.write_bytes(msgspec.json.encode(newer) + b"\n")
    (shown,) = map(reasons.report_fields, History(path).newest(5))
    assert (shown["problem"], shown["error_params"]) == ("syntax", {"problem": "syntax"})


def test_unknown_code_within_another_is_shown_as_it_is() -> None:
    """A program in the journal of a newer version is killed: the log names the reason."""
    line = LogLine("warning", "killed", {"life": 3, "reason": Reason("newer", {"x": 1})})
    assert "newer" in reasons.describe(line)


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"\xff", b'{"deep":' + b"[" * 100_000, b'{"name":"bot","life":7}'])
def test_foreign_line_in_the_journal_is_counted_and_ignored(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.write(ProgramState(name="bot"))
    journal.close()
    path.write_bytes(path.read_bytes() + line + b"\n")
    journal = Journal(path)
    assert (journal.names(), journal.broken_lines) == (["bot"], 1)
    assert journal.load("bot", Program()).name == "bot"
    journal.close()
