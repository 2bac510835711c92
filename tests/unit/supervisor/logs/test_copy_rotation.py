"""Rotation of a log whose writer keeps the file open: no line is lost or repeated, on file systems of both kinds."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.config.settings import Logs
from supervisor.logs import copy_rotation, holes, rotation, writer
from supervisor.logs.copy_rotation import Job
from supervisor.logs.reader import LogFile

MARKER = "life 1 of own goes on"
BLOCK = holes.BLOCK_BYTES


class Written:
    """A log, and the process that appends numbered lines to it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "own.log"
        self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.count = 0

    def write(self, count: int, length: int = 40) -> None:
        lines = [f"line {self.count + number} ".ljust(length, "x") + "\n" for number in range(1, count + 1)]
        os.write(self._fd, "".join(lines).encode())
        self.count += count

    def rotate(self, max_bytes: int = 20_000, keep: int = 0) -> None:
        copy_rotation.rotate(Job(self.path, Logs(max_bytes=max_bytes, keep=keep), MARKER))

    def files(self) -> list[bytes]:
        """Return the contents of all files, oldest first."""
        numbers = sorted(writer.rotated_numbers(self.path))
        paths = [*(writer.rotated_path(self.path, number) for number in numbers), self.path]
        return [path.read_bytes().lstrip(b"\0") for path in paths]

    def assert_complete(self) -> None:
        files = self.files()
        assert numbers_in(b"".join(files).decode().splitlines()) == list(range(1, self.count + 1))
        heads = [one.partition(b"\n")[0] for one in files[1:]]
        assert all(re.fullmatch(rb"--- stocksup \S+: life 1 of own goes on --- *", head) for head in heads)


def numbers_in(lines: list[str]) -> list[int]:
    return [int(match[1]) for line in lines if (match := re.match(r"line (\d+) ", line))]


@pytest.fixture(params=["removes the head", "makes a hole"])
def log(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    if request.param == "makes a hole":
        # as on btrfs and tmpfs: everything but the removal of blocks
        monkeypatch.setattr(holes, "_COLLAPSE_RANGE", 0x7000)
    return Written(tmp_path)


def test_lines_are_moved_and_their_space_is_freed(log: Written) -> None:
    for _round in range(5):
        log.write(1000)
        log.rotate()
    assert log.path.stat().st_blocks * 512 < 40_000
    assert len(log.files()) > 8
    assert all(len(one) < 50_000 for one in log.files())
    log.assert_complete()


def test_only_the_newest_files_are_kept(log: Written) -> None:
    log.write(5000)
    log.rotate(keep=3)
    newest = sorted(writer.rotated_numbers(log.path))
    assert len(newest) == 3
    assert newest[-1] in range(10, 20)
    numbers = numbers_in(b"".join(log.files()).decode().splitlines())
    assert numbers == list(range(numbers[0], 5001))


@pytest.mark.parametrize("length", [3000, BLOCK - 1, BLOCK, 30_000, 200_000])
def test_long_lines(log: Written, length: int) -> None:
    for _round in range(4):
        log.write(min(60, 3_000_000 // length), length)
        log.rotate(max_bytes=100_000)
    whole = b"".join(re.sub(rb"^(--- stocksup [^\n]*| +)\n", b"", one) for one in log.files())
    assert numbers_in(whole.decode().splitlines()) == list(range(1, log.count + 1))


def test_short_log_stays(log: Written) -> None:
    log.write(10)
    log.rotate(max_bytes=100)
    assert [path.name for path in log.path.parent.iterdir()] == ["own.log"]


def test_reader_gets_every_line_once(log: Written) -> None:
    """It reads before, between and after; it may be behind by several rotations."""
    file = LogFile(log.path)
    log.write(300)
    got = [line.text for line in file.read_last(10_000, unfinished=False)]
    for written, limit in [(800, 20_000), (3000, 20_000), (10, 20_000), (400, 8000), (5000, 100_000), (0, 8000)]:
        log.write(written)
        log.rotate(limit)
        log.write(7)
        new = [line.text for line in file.read_new()]
        while new:
            got += new
            new = [line.text for line in file.read_new()]
    assert numbers_in(got) == list(range(1, log.count + 1))
    back = [line.text for line in LogFile(log.path).read_last(100_000, unfinished=True)]
    assert numbers_in(back) == list(range(1, log.count + 1))


class Killed(BaseException):
    """Ends a rotation like SIGKILL: nothing of it runs any more."""


@pytest.mark.parametrize("call", ["fdatasync", "samestat", "free_head", "pwrite", "rename"])
@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_interrupted_rotation_is_completed(
    log: Written, monkeypatch: pytest.MonkeyPatch, call: str, is_done: bool
) -> None:
    owner = {"samestat": os.path, "free_head": holes, "rename": Path}.get(call, os)
    original = getattr(owner, call)
    log.write(1000)

    def die(*args: object, **kwargs: object) -> None:
        if is_done:
            original(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(owner, call, die)
        with pytest.raises(Killed):
            log.rotate()
    log.write(3)
    log.rotate()
    log.write(1000)
    log.rotate()
    log.assert_complete()


def test_failed_copy_changes_nothing(log: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write(1000)
    before = log.path.read_bytes()

    def fail(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(OSError, match="No space left"):
            log.rotate()
    assert log.path.read_bytes() == before
    assert [path.name for path in log.path.parent.iterdir()] == ["own.log"]


def test_second_process_leaves_it_to_the_first(log: Written) -> None:
    log.write(1000)
    copy = copy_rotation._open_copy(log.path)
    assert copy is not None
    log.rotate()
    assert len(log.files()) == 1
    os.close(copy)
    log.rotate()
    log.assert_complete()


@given(
    st.lists(st.integers(0, 9000), max_size=40),
    st.integers(0, 70_000),
    st.integers(20, 200),
)
def test_cut(lengths: list[int], base: int, marker_bytes: int) -> None:
    window = b"".join(b"x" * length + b"\n" for length in lengths)
    window = window[: rotation.CUT_WINDOW_BYTES] + b"x" * max(0, 2 * BLOCK + 1 - len(window) - base)
    cut = rotation.find_cut(window, base, marker_bytes, BLOCK)
    rest = cut % BLOCK
    assert BLOCK <= cut <= base + len(window)
    assert cut - rest < base + len(window)
    is_line_end = cut > base and window[cut - base - 1 : cut - base] == b"\n"
    assert is_line_end or not rest
    assert rest == 0 or len(rotation.fill(b"m" * (marker_bytes - 1) + b"\n", rest)) == rest


def test_tmpfs() -> None:
    if not os.path.ismount("/dev/shm"):
        return
    with TemporaryDirectory(dir="/dev/shm") as directory:
        log = Written(Path(directory))
        for _round in range(3):
            log.write(1000)
            log.rotate()
        assert log.path.stat().st_blocks * 512 < 40_000
        log.assert_complete()
