"""The exception for an unusable database. Separate from `database.py`, so that handling it does not load SQLAlchemy."""

from __future__ import annotations

from typing import Final

#: commands that restore the last backup
RESTORE_COMMANDS: Final = "stocksup stop bot, stocksup data restore latest, stocksup start"


class Unavailable(Exception):
    """The database cannot be used now, for a reason outside the program. The message says why."""
