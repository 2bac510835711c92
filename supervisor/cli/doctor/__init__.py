"""The checks of `stocksup check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.cli import exit_codes as exits

#: levels of a finding in `check --json`
FINE: Final = "fine"
WARNING: Final = "warning"
FAILED: Final = "failed"


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    #: for scripts: the same in every language
    id: str
    #: what was checked
    name: str
    #: what is wrong and what to do; None: nothing
    problem: str | None = None
    #: the problem is not urgent
    warning: bool = False
    #: the exit code of `check` for this problem
    code: int = exits.FAILED

    @property
    def level(self) -> str:
        """FINE, WARNING or FAILED."""
        if self.problem is None:
            return FINE
        return WARNING if self.warning else FAILED

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Finding:
        """Return the finding in a dict of another package. Raises KeyError, TypeError when it is not valid."""
        present = {name: fields[name] for name in cls.__dataclass_fields__ if name in fields}
        return cls(**present)


def nearest_existing(path: Path) -> Path:
    """Return `path`, or the nearest of its parents that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
