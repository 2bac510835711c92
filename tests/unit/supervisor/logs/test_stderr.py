"""Writing to a stderr whose reader does not read."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from supervisor.logs.stderr import StderrWriter

LINE = b"bot: RUNNING (process 1)\n"
Pipe = tuple[int, int]


@pytest.fixture(name="pipe")
def make_pipe() -> Iterator[Pipe]:
    """Return the reading and the writing end of a pipe."""
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        os.close(fd)


def _read_all(reader: int) -> list[bytes]:
    os.set_blocking(reader, False)
    data = b""
    while True:
        try:
            data += os.read(reader, 65536)
        except BlockingIOError:
            return data.splitlines(keepends=True)


def test_a_full_pipe_is_never_waited_for(pipe: Pipe) -> None:
    reader, stderr = pipe[0], StderrWriter(pipe[1])
    count = 10_000  # many times what a pipe holds
    assert all(stderr.write(LINE) for _ in range(count))
    taken = len(_read_all(reader))
    assert stderr.write(LINE)
    told, line = _read_all(reader)
    assert str(count - taken).encode() in told
    assert line == LINE
    assert stderr.write(LINE)
    assert _read_all(reader) == [LINE], "said once"


def test_a_line_that_is_cut_stays_a_line(pipe: Pipe) -> None:
    reader, stderr = pipe[0], StderrWriter(pipe[1])
    assert stderr.write(b"x" * 1_000_000 + b"\n")
    assert stderr.write(LINE)
    assert len(_read_all(reader)) == 1
    assert stderr.write(LINE)
    assert _read_all(reader)[-1] == LINE


def test_a_reader_that_has_gone_is_reported(pipe: Pipe) -> None:
    gone, stderr = os.pipe()
    os.close(gone)
    assert StderrWriter(stderr).write(LINE) is False
    os.close(stderr)
    assert StderrWriter(stderr).write(LINE) is False
