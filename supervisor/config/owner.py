"""Work as the user whose directory it is, when root runs a command there.

Another user can put a link to any file of root's into a directory of their own. So what root does there, it does with
that user's rights only: then a link leads nowhere that the user could not go alone.
"""

from __future__ import annotations

import builtins
import importlib
import os
import pwd
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

#: links that are followed in one path; as many as Linux follows
_MAX_LINKS: Final = 40
#: variables that name directories of root's
_OF_ROOT: Final = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME")

_INSTALLATION: Final = (sys.executable, sys.prefix, sys.base_prefix)


def find_owner(path: Path) -> int:
    """Return the id of the user who decides what `path` means; 0 if only root does.

    Who owns a directory, a file or a link on the way can replace what follows. What does not exist yet has no owner.
    """
    rest, at, owner, links = list(reversed(path.absolute().parts[1:])), "/", 0, 0
    while rest and links <= _MAX_LINKS:
        if (name := rest.pop()) == "..":
            at = os.path.dirname(at)
            continue
        there = os.path.join(at, name)
        try:
            info = os.lstat(there)
            owner = info.st_uid or owner
            if not stat.S_ISLNK(info.st_mode):
                at = there
                continue
            target = Path(os.readlink(there))
        except OSError:
            break
        links += 1
        at = "/" if target.is_absolute() else at
        rest += reversed(target.parts[1:] if target.is_absolute() else target.parts)
    return owner


def is_other(uid: int) -> bool:
    """Return whether we are root and must not exceed the rights of the user `uid`."""
    return os.geteuid() == 0 and uid not in (0, os.getuid())


def become(uid: int) -> None:
    """Give up the rights of root for those of the user `uid`. Processes that we start can not get them back.

    Only imports still use root's rights: the installation may be readable by root alone. Raises OSError.
    """
    try:
        user = pwd.getpwuid(uid)
        gid, groups = user.pw_gid, os.getgrouplist(user.pw_name, user.pw_gid)
        names = {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name}
    except KeyError:
        gid, groups, names = uid, [], {}  # no such user here, as in a container
    os.setgroups(groups)
    os.setgid(gid)
    if sys.platform == "linux":
        os.setresuid(uid, uid, 0)
        _import_as_root()
    else:
        os.setuid(uid)
    for name in _OF_ROOT:
        os.environ.pop(name, None)
    os.environ.update(names)


def borrowed_user() -> str | None:
    """Return the name of the user whose rights root uses in this process; None if it uses its own."""
    if sys.platform != "linux" or os.geteuid() == 0 or os.getresuid()[2] != 0:
        return None
    return user_name(os.geteuid())


def is_installation_usable() -> bool:
    """Return whether a process that we start can run this installation."""
    return all(os.access(path, os.R_OK | os.X_OK, effective_ids=True) for path in _INSTALLATION)


def user_name(uid: int) -> str:
    """Return the name of a user, or the id if there is no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _import_as_root() -> None:
    """Run each import with the rights of root; the modules are those of the installation."""

    @contextmanager
    def as_root() -> Iterator[None]:
        before = os.geteuid()
        os.seteuid(0)
        try:
            yield
        finally:
            os.seteuid(before)

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **keywords: Any) -> Any:
            with as_root():
                return original(*arguments, **keywords)

        return run

    builtins.__import__ = wrap(builtins.__import__)
    importlib.import_module = wrap(importlib.import_module)
