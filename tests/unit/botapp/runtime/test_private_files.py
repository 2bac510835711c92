"""Owner-only files, written whole."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from botapp.runtime.private_files import write_file


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").readlink() == Path("file")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_loop_of_links_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    with pytest.raises(OSError, match="one") as refused:
        write_file(tmp_path / "one", b"new")
    assert refused.value.errno == errno.ELOOP
