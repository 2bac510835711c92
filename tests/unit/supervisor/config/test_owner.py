"""Who decides what a path means: the owners of its directories, of its links and of what the links lead to."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from supervisor.config import owner

EVA, ADAM = 1001, 1002


class FakeTree:
    """Owners and links by path; everything else on a path belongs to root."""

    def __init__(self, owners: dict[str, int], links: dict[str, str]) -> None:
        self.owners = owners
        self.links = links

    def lstat(self, path: str) -> Any:
        if path.endswith("missing"):
            raise FileNotFoundError(path)
        kind = stat.S_IFLNK if path in self.links else stat.S_IFDIR
        return SimpleNamespace(st_uid=self.owners.get(path, 0), st_mode=kind)

    def readlink(self, path: str) -> str:
        return self.links[path]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/stocksup/config.toml", 0),
        ("/srv/eva", EVA),
        ("/srv/eva/root/state", EVA),
        ("/srv/eva/adam/state", ADAM),
        ("/srv/eva/missing/state", EVA),
        ("/srv/missing/eva", 0),
        # a link of root's into a directory of another user
        ("/srv/to-eva/root", EVA),
        # a link of another user's into a directory of root's
        ("/srv/eva/to-etc/cron.d", EVA),
        ("/srv/by-eva/cron.d", EVA),
        # by way of a directory that is in neither path
        ("/srv/around", EVA),
        ("/srv/eva/../adam", ADAM),
        ("/srv/loop", 0),
    ],
)
def test_owner_of_a_path(monkeypatch: pytest.MonkeyPatch, path: str, expected: int) -> None:
    tree = FakeTree(
        {"/srv/eva": EVA, "/srv/eva/adam": ADAM, "/srv/adam": ADAM, "/srv/by-eva": EVA},
        {
            "/srv/to-eva": "eva",
            "/srv/eva/to-etc": "/etc",
            "/srv/by-eva": "/etc",
            "/srv/around": "eva/to-etc/cron.d",
            "/srv/loop": "/srv/loop",
        },
    )
    monkeypatch.setattr(os, "lstat", tree.lstat)
    monkeypatch.setattr(os, "readlink", tree.readlink)
    assert owner.find_owner(Path(path)) == expected


def test_only_root_works_as_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert owner.is_other(EVA)
    assert not owner.is_other(0)
    monkeypatch.setattr(os, "geteuid", lambda: ADAM)
    assert not owner.is_other(EVA)
