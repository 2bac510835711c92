"""The bot's persistent state: one small JSON file. Unlike the cache it is never cleared."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.private_files import write_file

#: keys that were renamed before 0.2.0
_RENAMED_KEYS: Final = {"books_made": "database_created", "passing": "temporary_message"}


class StateError(Exception):
    """The state file cannot be used. The message names the file and what to do."""


class LiveMessage(Struct, frozen=True):
    """A live message, and the content that was sent last."""

    channel_id: int
    message_id: int
    #: fingerprint of that content
    shows: str
    #: the language of the message; empty for the shop's language
    language: str = ""


class TemporaryMessageState(Struct, frozen=True):
    """A message that must be deleted soon."""

    channel_id: int
    message_id: int


class State(Struct, frozen=True):
    """The content of the state file."""

    live_messages: tuple[LiveMessage, ...] = ()
    #: the channel that `/setup` chose; 0 for none
    live_channel_id: int = 0
    #: fingerprint of the slash commands that were sent to Discord
    commands: str = ""
    #: the "back again" message in the live channel
    temporary_message: TemporaryMessageState | None = None
    #: when the bot last requested a restart because of errors, in seconds since 1970; 0 for never
    restart_asked_s: float = 0.0
    #: whether the shop's database was created: one that is missing later was lost, and is not replaced by an empty one
    database_created: bool = False


def load(path: Path) -> State:
    """Return the state in the file; the empty state if the file is missing. Raises StateError."""
    try:
        values = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        return msgspec.convert({_RENAMED_KEYS.get(key, key): value for key, value in values.items()}, State)
    except FileNotFoundError:
        return State()
    except OSError as error:
        text = _("cannot open %(path)s: %(problem)s; correct its permissions")
        raise StateError(text % {"path": path, "problem": os_error_text(error)}) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateError(
            _("%(path)s is damaged; move it away, and the bot creates a new one") % {"path": path}
        ) from error


def change(path: Path, **fields: Any) -> None:
    """Change fields of the state in the file, and keep the others. Raises StateError."""
    state = msgspec.structs.replace(load(path), **fields)
    try:
        write_file(path, msgspec.json.encode(state))
    except OSError as error:
        text = _("cannot write %(path)s: %(problem)s; correct its permissions or free some disk space")
        raise StateError(text % {"path": path, "problem": os_error_text(error)}) from error
