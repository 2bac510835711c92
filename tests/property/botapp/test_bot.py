"""Whatever comes: bytes at the link, answers in the restart's conversation, texts in the log."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from botapp.runtime.log import LineFormatter
from botapp.runtime.supervisor_link import SupervisorLink
from botapp.ui.admin.confirmation import Confirmation, Reply, Stage, SupersededByRestart, step
from supervisor.client import MAX_LINE_BYTES, ControlError, LifeEnvironment

HERE = LifeEnvironment(Path("door"), "bot", 1, Path("temp"), Path("perm"))

lines = st.one_of(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from(["v", "id", "ok", "error"]), st.one_of(st.none(), st.integers(), st.text())).map(
        lambda message: str(message).replace("'", '"').encode()
    ),
)


@given(st.lists(lines, max_size=5))
def test_bytes_from_the_supervisor_never_break_the_connection_code(received: list[bytes]) -> None:
    async def listen() -> None:
        reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        reader.feed_data(b"\n".join(received))
        reader.feed_eof()
        try:
            await SupervisorLink(HERE)._read(reader)
        except ControlError as error:
            assert error.code in ("bad_json", "too_long", "closed")

    asyncio.run(listen())


people = st.integers(1, 3)
events = st.one_of(
    st.builds(Reply, people, people, st.sampled_from(["ya", "tidak", "NO", "hm", ""])),
    st.just(SupersededByRestart()),
    st.none(),
)


@given(st.lists(st.tuples(events, st.floats(0, 60)), max_size=20))
def test_a_question_ends_once_and_only_its_own_admin_confirms_it_in_time(
    history: list[tuple[Reply | SupersededByRestart | None, float]],
) -> None:
    dialog = Confirmation(1, 1, 30.0)
    for event, now_s in sorted(history, key=lambda one: one[1]):
        before, dialog = dialog, step(dialog, event, now_s)
        if before.stage is not Stage.ASKING:
            assert dialog == before
        elif dialog.stage is Stage.CONFIRMED:
            assert event == Reply(1, 1, "ya")
            assert now_s < 30
        elif dialog.stage is Stage.ASKING:
            assert now_s < 30


@given(st.text(), st.text(min_size=1))
def test_a_line_of_the_log_is_one_line_without_the_secret(before: str, after: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s", (f"{before} t0ken {after}",), None)
    line = LineFormatter(ZoneInfo("UTC"), ("t0ken",)).format(record)
    assert len(line.splitlines()) == 1
    assert "t0ken" not in line
