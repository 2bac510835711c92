"""The page's server serves the page's files and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from botapp.runtime.static_files import find_file


@pytest.fixture
def page(tmp_path: Path) -> Path:
    root = tmp_path / "page"
    (root / "lib").mkdir(parents=True)
    for path in ("page.js", "lib/store.js", "lib/words.id.json", "index.html", "lib/notice.txt", "lib/secret"):
        (root / path).touch()
    (tmp_path / "outside.js").touch()
    (tmp_path / "page-other").mkdir()
    (tmp_path / "page-other" / "x.js").touch()
    (root / "leak.js").symlink_to(tmp_path / "outside.js")
    (root / "leak").symlink_to(tmp_path)
    (root / "alias.js").symlink_to(root / "lib" / "notice.txt")
    return root


@pytest.mark.parametrize("path", ["page.js", "lib/store.js", "lib/words.id.json"])
def test_files_of_the_page_are_found_in_its_folders(page: Path, path: str) -> None:
    assert find_file(page, path) == page / path


@pytest.mark.parametrize(
    "path",
    [
        "../outside.js",
        "lib/../../outside.js",
        "../page-other/x.js",
        "leak.js",
        "leak/outside.js",
        "alias.js",
        "lib",
        "lib/",
        "",
        "lib/missing.js",
        "lib/notice.txt",
        "lib/secret",
        "index.html",
        "page.js\0",
        "x" * 5000 + ".js",
    ],
)
def test_other_paths_are_not_found(page: Path, path: str) -> None:
    assert find_file(page, path) is None


def test_an_absolute_path_is_not_found(page: Path) -> None:
    assert find_file(page, str(page.parent / "outside.js")) is None
