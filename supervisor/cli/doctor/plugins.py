"""What other packages have to say in `stocksup check`: the supervisor knows no Discord, and no shop."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from supervisor.cli.doctor import Finding
from supervisor.locale import _

#: the group of entry points: each is called with the path of the configuration, and yields findings as dicts
ENTRY_POINTS: Final = "stocksup.checks"


def look(config: Path) -> Iterator[Finding]:
    """Yield the findings of other packages; one that fails is a finding itself."""
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda one: one.name):
        yield from _ask(entry, config)


def _ask(entry: EntryPoint, config: Path) -> Iterator[Finding]:
    try:
        yield from map(Finding.read, entry.load()(config))
    except (ImportError, AttributeError, LookupError, TypeError, ValueError, OSError, RuntimeError) as error:
        text = _("cannot look at it: %(kind)s: %(problem)s (%(place)s); install it anew")
        facts = {"kind": type(error).__name__, "problem": error, "place": entry.value}
        yield Finding(entry.name, entry.name, text % facts)
