"""The exit codes of the commands."""

from __future__ import annotations

from typing import Final

from supervisor.client import EXIT_BAD_CONFIG, EXIT_FAILED

FINE: Final = 0
#: the command failed
FAILED: Final = EXIT_FAILED
#: wrong arguments
USAGE: Final = 2
#: no supervisor is running
NOT_RUNNING: Final = 3
#: the supervisor did not answer in time
TIMED_OUT: Final = 4
#: the configuration must be corrected first
BAD_CONFIG: Final = EXIT_BAD_CONFIG
#: ended by Ctrl-C, as a shell reports it
INTERRUPTED: Final = 130


_OF_CONTROL_ERRORS: Final = {
    "unknown_program": USAGE,
    "not_running": NOT_RUNNING,
    "timed_out": TIMED_OUT,
    "bad_config": BAD_CONFIG,
}


def of_control_error(code: str) -> int:
    """Return the exit code for an error of the control socket."""
    return _OF_CONTROL_ERRORS.get(code, FAILED)
