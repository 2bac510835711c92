"""What the bot must remember over its lives, in one small file. Not a cache: it is never cleared."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct


class StateError(Exception):
    """The state file cannot be used; the message says which and what to do."""


class LiveMessage(Struct, frozen=True):
    """Where the live message is, and what it showed last."""

    channel_id: int
    message_id: int
    #: fingerprint of what was sent last
    shows: str


class State(Struct, frozen=True):
    """Everything that is remembered."""

    live_message: LiveMessage | None = None


def load(path: Path) -> State:
    """Return what is remembered in the file at `path`; a missing file is an empty memory. Raises StateError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise StateError(f"cannot open {path}: {error.strerror}; mend its permissions") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateError(f"{path} is damaged ({error}); move it away, it is made again") from error


def save(path: Path, state: State) -> None:
    """Remember `state` in the file at `path`, whole or not at all. Raises StateError."""
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror}; mend its permissions or make room") from error
