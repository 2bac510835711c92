"""Find instances of this machine that use the same secret, such as one token for two bots. Compares digests only."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from supervisor.locale import _

#: group of entry points: each is called with the path of a configuration and an environment, and returns a digest of
#: each secret that only one instance may use, by what it is called
ENTRY_POINTS: Final = "stocksup.exclusive"


def find_problem(config: Path, others: Iterable[Path]) -> str | None:
    """Return what to tell the owner if an instance of `others` uses a secret of `config`; None if none does."""
    candidates = {os.path.realpath(other): other for other in others}
    candidates.pop(os.path.realpath(config), None)
    if not candidates or not (own := _digests(config, os.environ)):
        return None
    # the environment of the other instances is not ours
    same = [(name, path) for path in candidates.values() for name in _common(own, _digests(path, {}))]
    if not same:
        return None
    text = _(
        "the %(names)s is also that of %(configs)s, and two programs that use it disturb each other; give each "
        "instance its own, or run only one of them"
    )
    names = dict.fromkeys(name for name, path in same)
    return text % {"names": ", ".join(names), "configs": ", ".join(str(path) for name, path in same)}


def _digests(config: Path, environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in entry_points(group=ENTRY_POINTS):
        with suppress(ImportError, AttributeError):  # the check of the program reports a package that is broken
            found.update(entry.load()(config, environ))
    return found


def _common(own: Mapping[str, str], others: Mapping[str, str]) -> list[str]:
    return [name for name, digest in own.items() if others.get(name) == digest]
