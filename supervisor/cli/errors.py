"""What a command says when it cannot do what it was asked for."""

from __future__ import annotations

from typing import Final

from supervisor.cli import exit_codes as exits
from supervisor.client import ControlError
from supervisor.locale import N_, _

#: what `supervisor.client` itself says, by its code: that module is not to load catalogues, so it speaks English
_OF_CLIENT: Final = {
    "not_running": N_("no supervisor is running at %(path)s"),
    "timed_out": N_("no answer from the supervisor within %(timeout_s).3g s"),
    "closed": N_("the supervisor closed the connection"),
    "too_long": N_("a message of %(bytes)d bytes is over the limit of %(limit)d"),
    "bad_json": N_("what the supervisor answers is not a line of JSON"),
}

#: what to do about a refusal at the door, by its code
_REMEDY: Final = {
    "not_running": N_("start it: stocksup start"),
    "timed_out": N_("see what it does: stocksup logs supervisor"),
    "closed": N_("see why: stocksup logs supervisor"),
    "shutting_down": N_("wait for its end, then: stocksup start"),
}


class CommandError(Exception):
    """One message with place, cause and remedy, and the exit code."""

    def __init__(self, message: str, code: int = exits.FAILED) -> None:
        super().__init__(message)
        self.code = code


def of_door(error: ControlError) -> str:
    """Return the message about a refusal at the door, with its remedy. What the supervisor has said stays as it is."""
    problem = error.message
    if error.facts is not None and error.code in _OF_CLIENT:
        problem = _(_OF_CLIENT[error.code]) % error.facts
    return f"{problem}; {_(_REMEDY[error.code])}" if error.code in _REMEDY else problem
