"""The cache directories of lives: make, hand on, rename away, sweep. Knows directories, not what is in them.

Below `<state_dir>/cache/<program>/` stand `temp-N`, the temporary cache of life N, and `perm`, which outlives
lives. What is to go is renamed into `trash/`, which takes the same time however much is in it and works on a
full disk; it is deleted in the background.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from supervisor.config.settings import FlushPolicy

_TEMP = re.compile(r"temp-(\d+)")


def temp_dir(root: Path, life: int) -> Path:
    """Return where the temporary cache of life `life` is."""
    return root / f"temp-{life}"


def perm_dir(root: Path) -> Path:
    """Return where the cache that outlives lives is."""
    return root / "perm"


def prepare(root: Path, life: int) -> tuple[Path, Path]:
    """Make the directories of life `life` where they are missing, and return them: temporary, permanent.

    Raises OSError; the paths are `temp_dir` and `perm_dir` all the same.
    """
    for path in (root, temp_dir(root, life), perm_dir(root)):
        if not path.is_dir():
            path.mkdir(mode=0o700, parents=True)
    return temp_dir(root, life), perm_dir(root)


def switch(root: Path, old_life: int, policy: FlushPolicy) -> None:
    """Take the cache of life `old_life` away, after its death, by `policy`; `prepare` then makes the next one's.

    "all": both directories will be new. "temporary": the temporary one is. "expired", "none": the next life gets
    the old temporary directory. Raises OSError; the next life has a directory of another name in any case.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    handed_on = None
    if policy in ("expired", "none"):
        handed_on = temp_dir(root, old_life + 1)
        if temp_dir(root, old_life).is_dir():
            temp_dir(root, old_life).rename(handed_on)
    if policy == "all":
        _throw_away(root, perm_dir(root))
    for path in root.iterdir():
        if _TEMP.fullmatch(path.name) and path != handed_on:
            _throw_away(root, path)


def clear(root: Path, what: str) -> None:
    """Empty the cache of a program that does not run: `what` is "temporary" or "all". Raises OSError."""
    for path in root.iterdir() if root.is_dir() else ():
        if _TEMP.fullmatch(path.name) or (what == "all" and path == perm_dir(root)):
            _throw_away(root, path)


def thrown_away(root: Path) -> list[Path]:
    """Return what is left to delete."""
    trash = root / "trash"
    return sorted(trash.iterdir()) if trash.is_dir() else []


def _throw_away(root: Path, path: Path) -> None:
    if not path.is_dir():
        return
    trash = root / "trash"
    trash.mkdir(mode=0o700, exist_ok=True)
    path.rename(trash / f"{path.name}-{os.urandom(6).hex()}")
