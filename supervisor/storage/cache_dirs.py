"""The cache directories of lives: create, rotate, move to the trash. Knows nothing of their contents.

`<state_dir>/cache/<program>/` holds `temp-N`, the temporary cache of life N, and `perm`, which is kept from life to
life. A directory that has to go is renamed into `trash/`: that takes the same time for any size, and works on a full
disk. The trash is deleted in the background.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from supervisor.config.settings import FlushPolicy

_TEMP = re.compile(r"temp-(\d{1,15})")


def temp_dir(root: Path, life: int) -> Path:
    """Return the directory of the temporary cache of life `life`."""
    return root / f"temp-{life}"


def perm_dir(root: Path) -> Path:
    """Return the directory of the permanent cache."""
    return root / "perm"


def prepare(root: Path, life: int) -> tuple[Path, Path]:
    """Create the missing directories of life `life`, and return them: temporary, permanent.

    Raises OSError; the paths are `temp_dir` and `perm_dir` all the same.
    """
    for path in (root, temp_dir(root, life), perm_dir(root)):
        if not path.is_dir():
            path.mkdir(mode=0o700, parents=True)
    return temp_dir(root, life), perm_dir(root)


def rotate(root: Path, old_life: int, next_life: int, policy: FlushPolicy) -> None:
    """Move the cache of `old_life`, which uses it no more, out of the way, by `policy`; `prepare` makes the next one.

    "all": both directories go. "temporary": the temporary one goes. "expired", "none": the next life gets the old
    temporary directory. Raises OSError; the next life has a directory of its own in any case.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = None
    if policy in ("expired", "none"):
        kept = temp_dir(root, next_life)
        if temp_dir(root, old_life).is_dir():
            temp_dir(root, old_life).rename(kept)
    if policy == "all":
        _move_to_trash(root, perm_dir(root))
    for path in root.iterdir():
        if _TEMP.fullmatch(path.name) and path != kept:
            _move_to_trash(root, path)


def clear(root: Path, scope: str) -> None:
    """Empty the cache of a program that is not running; `scope` is "temporary" or "all". Raises OSError."""
    for path in root.iterdir() if root.is_dir() else ():
        if _TEMP.fullmatch(path.name) or (scope == "all" and path == perm_dir(root)):
            _move_to_trash(root, path)


def used_number(root: Path) -> int:
    """Return the highest number of a life that has had a directory, as far as it is not deleted; 0 without one.

    Raises OSError.
    """
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    return max((int(match[1]) for name in names if (match := _TEMP.fullmatch(name))), default=0)


def trash_entries(root: Path) -> list[Path]:
    """Return what still has to be deleted."""
    trash = root / "trash"
    return sorted(trash.iterdir()) if trash.is_dir() else []


def _move_to_trash(root: Path, path: Path) -> None:
    if not path.is_dir():
        return
    trash = root / "trash"
    trash.mkdir(mode=0o700, exist_ok=True)
    path.rename(trash / f"{path.name}-{os.urandom(6).hex()}")
