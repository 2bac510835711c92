"""Noticing that the code of a process has changed on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.config.files import LoadedFiles


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "part/__pycache__").mkdir(parents=True)
    (tmp_path / "part/one.py").write_text("1")
    return tmp_path


CHANGES: dict[str, Callable[[Path], object]] = {
    "same length": lambda package: os.utime(package / "part/one.py", ns=(0, 7)),
    "same time": lambda package: _rewrite(package / "part/one.py", "12"),
    "added": lambda package: (package / "part/two.py").touch(),
    "removed": lambda package: (package / "part/one.py").unlink(),
    "renamed": lambda package: (package / "part/one.py").rename(package / "part/two.py"),
    "package removed": shutil.rmtree,
}


def _rewrite(path: Path, text: str) -> None:
    before = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(before, before))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_code_is_noticed(package: Path, change: Callable[[Path], object]) -> None:
    files = LoadedFiles(package)
    assert not files.have_changed()
    change(package)
    assert files.have_changed()


def test_compiled_files_and_links_do_not_count(package: Path) -> None:
    (package / "part/self").symlink_to(package)
    files = LoadedFiles(package)
    (package / "part/__pycache__/one.cpython-311.pyc").touch()
    (package / "part/__pycache__/two").mkdir()
    (package / "part/notes.txt").touch()
    assert not files.have_changed()
