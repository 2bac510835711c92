"""The exit codes of the commands, for scripts."""

from __future__ import annotations

from typing import Final

FINE: Final = 0
#: it was tried and it failed
FAILED: Final = 1
#: the arguments make no sense
USAGE: Final = 2
#: there is no supervisor to ask
NOT_RUNNING: Final = 3
#: no answer in time
TIMED_OUT: Final = 4
#: the configuration has to be corrected first
BAD_CONFIG: Final = 78
#: ended by Ctrl-C, as a shell reports it
INTERRUPTED: Final = 130


def of_door_error(code: str) -> int:
    """Return the exit code for a refusal at the door with this code."""
    return {"not_running": NOT_RUNNING, "timed_out": TIMED_OUT, "bad_config": BAD_CONFIG}.get(code, FAILED)
