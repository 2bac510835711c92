"""What a command raises when it cannot do what it was asked for."""

from __future__ import annotations

from supervisor.cli import exits


class Failure(Exception):
    """One message with place, cause and remedy, and the exit code."""

    def __init__(self, message: str, code: int = exits.FAILED) -> None:
        super().__init__(message)
        self.code = code
