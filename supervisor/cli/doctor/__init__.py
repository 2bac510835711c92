"""What `stocksup check` looks at. Here: the record of one thing that was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.cli import exit_codes as exits

#: how a finding is called in `check --json`
FINE: Final = "fine"
WARNING: Final = "warning"
FAILED: Final = "failed"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    #: for programs: the same in every language
    id: str
    #: what it is
    name: str
    #: what is wrong and what to do about it; None: nothing
    problem: str | None = None
    #: it works, but should be better
    warning: bool = False
    #: the exit code that the problem calls for
    code: int = exits.FAILED

    @property
    def level(self) -> str:
        """FINE, WARNING or FAILED."""
        if self.problem is None:
            return FINE
        return WARNING if self.warning else FAILED

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Finding:
        """Return the finding that another package tells of. Raises KeyError, TypeError when it is none."""
        known = {name: told[name] for name in cls.__dataclass_fields__ if name in told}
        return cls(**known)


def nearest_there(path: Path) -> Path:
    """Return `path`, or the nearest of its parents that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
