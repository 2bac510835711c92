"""What the bot must remember over its lives, in one small file. Not a cache: it is never cleared."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.private_files import make_directory


class StateError(Exception):
    """The state file cannot be used; the message says which and what to do."""


class LiveMessage(Struct, frozen=True):
    """Where the live message is, and what it showed last."""

    channel_id: int
    message_id: int
    #: fingerprint of what was sent last
    shows: str
    #: its own language; empty: that of the shop
    language: str = ""


class TemporaryMessageState(Struct, frozen=True):
    """A message that is to be removed soon."""

    channel_id: int
    message_id: int


class State(Struct, frozen=True):
    """Everything that is remembered."""

    live_messages: tuple[LiveMessage, ...] = ()
    #: the channel that `/setup` has chosen; 0: none
    live_channel_id: int = 0
    #: fingerprint of the slash commands that Discord knows
    commands: str = ""
    #: the message "back again" that stands in the live channel
    passing: TemporaryMessageState | None = None
    #: when a new life was last asked for because of errors, in seconds since 1970; 0: never
    restart_asked_s: float = 0.0
    #: whether the shop's database has been made: if it is missing then, it is lost, and no empty one takes its place
    database_created: bool = False


def load(path: Path) -> State:
    """Return what is remembered in the file at `path`; a missing file is an empty memory. Raises StateError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except OSError as error:
        text = _("cannot open %(path)s: %(problem)s; mend its permissions")
        raise StateError(text % {"path": path, "problem": os_error_text(error)}) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateError(_("%(path)s is damaged; move it away, it is made again") % {"path": path}) from error


def change(path: Path, **fields: Any) -> None:
    """Remember `fields` of a State anew in the file at `path`, and all else as it was. Raises StateError."""
    _save(path, msgspec.structs.replace(load(path), **fields))


def _save(path: Path, state: State) -> None:
    """Remember `state` in the file at `path`, whole or not at all. Raises StateError."""
    fresh = path.with_suffix(".new")
    try:
        make_directory(path.parent)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError as error:
        text = _("cannot write %(path)s: %(problem)s; mend its permissions or make room")
        raise StateError(text % {"path": path, "problem": os_error_text(error)}) from error
