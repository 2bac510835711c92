"""That the database cannot be used: apart from `database.py`, so that who hears of it need not load that."""

from __future__ import annotations


class Unavailable(Exception):
    """The database cannot be used now: a fault of the world. The message says what is wrong with it."""
