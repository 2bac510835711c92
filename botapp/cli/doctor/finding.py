"""What `stocksup check` finds about the bot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, in the words of `stocksup check`."""

    #: for programs: the same in every language
    id: str
    #: what it is
    name: str
    #: what is wrong and what to do about it; None: nothing
    problem: str | None = None
    #: it works, but should be better
    warning: bool = False
    #: the exit code that the problem calls for
    code: int = 1
