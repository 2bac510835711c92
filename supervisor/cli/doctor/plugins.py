"""Run the checks of other packages: the supervisor itself knows nothing about Discord or the shop."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from supervisor.cli.doctor import Finding
from supervisor.locale import _

#: groups of entry points: each is called with the path of the configuration, and yields findings as dicts
ENTRY_POINTS: Final = "stocksup.checks"
#: those that use the files in the state directory, with the rights of its owner
OF_STATE: Final = "stocksup.state_checks"


def check(config: Path, group: str = ENTRY_POINTS) -> Iterator[Finding]:
    """Yield the findings of other packages; a check that fails is a finding too."""
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        yield from _run(entry, config)


def _run(entry: EntryPoint, config: Path) -> Iterator[Finding]:
    try:
        yield from map(Finding.read, entry.load()(config))
    except (ImportError, AttributeError, LookupError, TypeError, ValueError, OSError, RuntimeError) as error:
        text = _("the check failed: %(kind)s: %(problem)s (%(place)s); reinstall the package")
        params = {"kind": type(error).__name__, "problem": error, "place": entry.value}
        yield Finding(entry.name, entry.name, text % params)
