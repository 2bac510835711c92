"""What the commands of the bot get from `stocksup`, and how they report a bad configuration."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import click

from supervisor.client import EXIT_BAD_CONFIG, Client


def expand_home(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Return the value of an option with its `~` replaced: a shell does not do that in --option=~/file."""
    return None if path is None else Path(os.path.expanduser(path))


class BadConfig(click.ClickException):
    """The configuration, or a file that it names, cannot be used."""

    exit_code = EXIT_BAD_CONFIG


class Progress(Protocol):
    """A progress indicator on the terminal."""

    def say(self, text: str) -> None:
        """Replace the text of the indicator."""


class Shell(Protocol):
    """The object that `stocksup` hands to every command."""

    @property
    def config(self) -> Path:
        """The configuration file."""

    def work_as_owner(self, path: Path | None = None) -> None:
        """If we are root and another user decides what `path` means, go on with that user's rights."""

    def connect(self) -> Client:
        """Return a connection to the supervisor."""

    def progress(self, text: str) -> AbstractContextManager[Progress]:
        """Show a progress indicator while the `with` block runs."""
