"""The exception for an unusable database. Separate from `database.py`, so that handling it does not load SQLAlchemy."""

from __future__ import annotations

from typing import Final

#: commands that restore the last backup
RESTORE_COMMANDS: Final = "stocksup stop bot, stocksup data restore latest, stocksup start"

#: the error of a driver that waited until the time limit
NO_ANSWER: Final = "no answer in time"


class Unavailable(Exception):
    """The database cannot be used now, for a reason outside the program. The message says why."""


class OutcomeUnknown(Unavailable):
    """The database did not answer while it stored a change, so no one knows whether the change was made."""
