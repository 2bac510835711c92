"""Why a process of the bot exits by itself."""

from __future__ import annotations


class TryLater(Exception):
    """This process cannot do now what it was started for. It exits with code 75, and the message says why."""
