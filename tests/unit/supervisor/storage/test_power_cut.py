"""A power cut at any moment: every write of the journal and of the history is cut at every byte.

What the disk holds after a cut is modelled: what was synced is there; of what was written since, any part of it from
the front is, perhaps followed by zeros; a name that was replaced means the old file or the new one until the directory
was synced.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from supervisor.config.settings import Program
from supervisor.lifecycle.model import DesiredState, LifeState, Phases, ProgramState, RestartReport, text_reason
from supervisor.storage import journal as journal_module
from supervisor.storage.history import History
from supervisor.storage.journal import Journal
from tests.support import depth

PROGRAM = Program()


@dataclass
class File:
    """A file as it may be on the disk."""

    synced: bytes = b""
    pending: bytes = b""

    def after_a_cut(self) -> Iterator[bytes]:
        """Yield every content that the file may have after a power cut."""
        for cut in range(len(self.pending) + 1):
            yield self.synced + self.pending[:cut]
            if cut % 16 == 0:
                yield self.synced + self.pending[:cut] + b"\0" * (len(self.pending) - cut)


@dataclass
class Disk:
    """The state of the disk for what is written through `os`; the real files are written too."""

    files: dict[tuple[int, int], File] = field(default_factory=dict)
    #: files that the name may mean after a cut
    meant: list[tuple[int, int]] = field(default_factory=list)

    def watch(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        write, replace = os.write, Path.replace

        def is_watched(fd: int) -> bool:
            return path.parent in (where := Path(f"/proc/self/fd/{fd}").resolve()).parents or where == path.parent

        def note_write(fd: int, data: bytes) -> int:
            if is_watched(fd):
                self._of(fd).pending += data
            return write(fd, data)

        def note_fsync(fd: int) -> None:
            if not is_watched(fd):
                return
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                self.meant = self.meant[-1:]
                return
            # what a buffered file has written did not come through here
            file = self._of(fd)
            file.synced, file.pending = _contents(fd), b""

        def note_replace(source: Path, target: Path) -> Path:
            if target == path:
                found = source.stat()
                self.meant.append((found.st_dev, found.st_ino))
            return replace(source, target)

        monkeypatch.setattr("supervisor.storage.append_file.os.write", note_write)
        monkeypatch.setattr("supervisor.storage.append_file.os.fsync", note_fsync)
        monkeypatch.setattr(Path, "replace", note_replace)

    def _of(self, fd: int) -> File:
        found = os.fstat(fd)
        key = found.st_dev, found.st_ino
        if not self.meant:
            self.meant = [key]
        return self.files.setdefault(key, File())

    def after_a_cut(self) -> Iterator[bytes]:
        """Yield every content that the path may have after a power cut."""
        for key in self.meant or [(0, 0)]:
            yield from self.files.get(key, File()).after_a_cut()


def _contents(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disk:
    one = Disk()
    one.watch(monkeypatch, tmp_path / "on" / "journal.jsonl")
    (tmp_path / "on").mkdir()
    return one


def program_state(life: int) -> ProgramState:
    return ProgramState(name="bot", desired=DesiredState.UP, life=LifeState(life))


def load_number(path: Path, contents: bytes) -> int:
    path.write_bytes(contents)
    one = Journal(path)
    try:
        life = one.load("bot", PROGRAM).life.number
        # and lines can be appended
        one.write(program_state(1000))
        assert path.read_bytes().splitlines()[-1] == one._lines["bot"]
        one.close()
    finally:
        path.unlink()
    return life


def test_the_journal_keeps_what_was_synced_and_ignores_incomplete_lines(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "COMPACT_BYTES", 1000)
    one, copy = Journal(tmp_path / "on" / "journal.jsonl"), tmp_path / "copy.json"
    one.sync()
    sure, cuts = 0, 0
    for life in range(1, 7):
        one.write(program_state(life))
        for contents in depth.sample(sorted(set(disk.after_a_cut())), f"cuts of life {life}", one_in=4):
            cuts += 1
            assert sure <= load_number(copy, contents) <= life
        if life % 2 == 0:
            one.sync()
            sure = life
            assert {load_number(copy, contents) for contents in disk.after_a_cut()} == {life}
    assert cuts > depth.count(2000, 500), "the cuts covered every byte"
    assert len(disk.files) > 1, "it was rewritten meanwhile"
    one.close()


def test_the_history_keeps_complete_reports_and_appends_later_ones(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, copy = History(tmp_path / "on" / "journal.jsonl"), tmp_path / "copy.jsonl"
    for number in range(3):
        one.add(report(number))
    whole = (tmp_path / "on" / "journal.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in range(len(whole) + 1):
        copy.write_bytes(whole[:cut])
        again = History(copy)
        again.add(report(9))
        again.close()
        with closing(History(copy)) as later:
            found = [one["from_life"] for one in later.newest(10)]
        ends = [sum(map(len, lines[: count + 1])) for count in range(3)]
        # a line is whole without its end, too
        assert found == [9, *reversed([number for number in range(3) if ends[number] - 1 <= cut])]
        copy.unlink()
    one.close()


def report(number: int) -> RestartReport:
    return RestartReport(
        program="bot",
        from_life=number,
        to_life=number + 1,
        ok=True,
        reason=text_reason(""),
        requested_by="",
        at=float(number),
        phases=Phases(),
        downtime_s=0.1,
    )
