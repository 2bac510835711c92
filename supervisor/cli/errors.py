"""Errors of commands, as text for people."""

from __future__ import annotations

from contextlib import ContextDecorator
from types import TracebackType
from typing import Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.client import ControlError
from supervisor.locale import N_, _, format_number

#: the errors of `supervisor.client` by code; it does not load catalogues, so its own messages are English
_OF_CLIENT: Final = {
    "not_running": N_("no supervisor is running at %(path)s"),
    "timed_out": N_("no answer from the supervisor within %(timeout_s)s s"),
    "closed": N_("the supervisor closed the connection"),
    "too_long": N_("a message of %(bytes)d bytes is over the limit of %(limit)d"),
    "bad_json": N_("the supervisor's answer is not valid JSON"),
}

#: what to do about an error of the control socket, by code
_REMEDY: Final = {
    "not_running": N_("start it: stocksup start"),
    "timed_out": N_(
        "see its log: stocksup logs supervisor; if it hangs, end it: kill -9 PID (stocksup ls shows the PID), then: "
        "stocksup start (the programs keep running)"
    ),
    "closed": N_("see why: stocksup logs supervisor"),
    "shutting_down": N_("wait until it has stopped, then: stocksup start"),
}


class CommandError(Exception):
    """A command failed: one message with what failed, why and what to do, and the exit code."""

    def __init__(self, message: str, code: int = exits.FAILED) -> None:
        super().__init__(message)
        self.code = code


class Continued(ContextDecorator):
    """Lets Ctrl-C end the command with a text that says what continues without it: in a `with` block or a function."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the block. Raises CommandError after Ctrl-C."""
        if isinstance(value, KeyboardInterrupt):
            raise CommandError(self._text, exits.INTERRUPTED) from value


def usage_problem(error: click.UsageError) -> str:
    """Return what is wrong with the words of a command: click's message as a part of ours, and similar names."""
    text, near = error.format_message(), None
    if isinstance(error, click.NoSuchOption | click.NoSuchCommand):
        text, near = error.message, error.possibilities  # without click's own "Did you mean"
    text = " ".join(text.split()).rstrip(".")  # some have several lines
    text = text[:1].lower() + text[1:]
    return _("%(problem)s; did you mean: %(names)s") % {"problem": text, "names": ", ".join(near)} if near else text


def control_error_text(error: ControlError) -> str:
    """Return the message of `error` with its remedy. The supervisor's own messages stay unchanged."""
    problem = error.message
    if error.params is not None and error.code in _OF_CLIENT:
        params = {
            name: format_number(value, 3) if isinstance(value, float) else value for name, value in error.params.items()
        }
        problem = _(_OF_CLIENT[error.code]) % params
    return f"{problem}; {_(_REMEDY[error.code])}" if error.code in _REMEDY else problem
