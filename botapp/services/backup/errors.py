"""What is said when something of the owner's data cannot be done."""

from __future__ import annotations


class DataProblem(Exception):
    """Something could not be done, and nothing has changed; the message says what, why, and what to do about it."""
