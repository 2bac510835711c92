"""That the database cannot be used: apart from `database.py`, so that who hears of it need not load that."""

from __future__ import annotations

from typing import Final

#: the way back to the books of the last backup
RESTORE_COMMANDS: Final = "stocksup stop bot, stocksup data restore latest, stocksup start"


class Unavailable(Exception):
    """The database cannot be used now: a fault of the world. The message says what is wrong with it."""
