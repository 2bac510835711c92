"""What is counted of the history."""

from __future__ import annotations

from pathlib import Path

import msgspec

from supervisor.lifecycle.model import Phases, Reason, RestartReport
from supervisor.storage.history import History

MIDNIGHT_S = 1_795_478_400.0


def report(program: str, at: float, *, ok: bool = True) -> RestartReport:
    return RestartReport(
        program=program, from_life=1, to_life=2, ok=ok, reason=Reason("text", {"text": ""}), requested_by="root",
        at=at, phases=Phases(), downtime_s=0.5,
    )  # fmt: skip


def test_restarts_are_counted_since_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    yesterday = report("bot", MIDNIGHT_S - 1)
    path.write_bytes(msgspec.json.encode(yesterday) + b"\n" + msgspec.json.encode(report("bot", MIDNIGHT_S)) + b"\n")
    history = History(path)
    history.add(report("relay", MIDNIGHT_S + 5))
    history.add(report("bot", MIDNIGHT_S + 7, ok=False))
    history.add(report("bot", MIDNIGHT_S + 9))
    assert history.count_since(MIDNIGHT_S) == {"bot": 2, "relay": 1}
    assert history.count_since(MIDNIGHT_S + 10) == {}
    history.close()
