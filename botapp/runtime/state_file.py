"""The bot's persistent state: one small JSON file. Unlike the cache it is never cleared.

While a restart hands over, two processes of the bot live, and both may change it: a lock keeps their changes apart.

A power cut can leave the file empty or full of zeros. The bot then sets it aside and recreates it from a copy, which
holds what the bot cannot find out by itself and changes rarely.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.private_files import NotARegularFile, make_directory, read_regular_file, set_aside, write_file

log = logging.getLogger(__name__)

#: largest state file that is read, in bytes; one with a hundred live messages has 20 KB
MAX_BYTES: Final = 1024 * 1024
#: how long a change waits for that of another process, and for how long at a time, in seconds
LOCK_TIMEOUT_S: Final = 1.0
LOCK_PAUSE_S: Final = 0.005
#: keys that were renamed before 0.2.0
_RENAMED_KEYS: Final = {"books_made": "database_created", "passing": "temporary_message"}


class StateError(Exception):
    """The state file cannot be used. The message names the file and what to do."""


class DamagedState(StateError):
    """The state file contains something else than the state."""


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


class Failure(Struct, frozen=True):
    """Why the bot failed for good, and when, in seconds since 1970."""

    reason: str
    at_s: float


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
    #: when a new session last missed an event that the one before got, in seconds since 1970; 0 for never
    events_missed_at_s: float = 0.0
    #: the last failure, until a process has told of it
    failure: Failure | None = None


def read(path: Path) -> State:
    """Return the state in the file; the empty state if the file is missing. Raises StateError."""
    try:
        values = msgspec.json.decode(read_regular_file(path, MAX_BYTES), type=dict[str, Any])
        return msgspec.convert({_RENAMED_KEYS.get(key, key): value for key, value in values.items()}, State)
    except FileNotFoundError:
        return State()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, NotARegularFile) as error:
        text = _("%(path)s is damaged; the bot sets it aside and creates a new one at its next start")
        raise DamagedState(text % {"path": path}) from error
    except OSError as error:
        text = _("cannot open %(path)s: %(problem)s; correct its permissions")
        raise StateError(text % {"path": path, "problem": os_error_text(error)}) from error


def load(path: Path) -> State:
    """Return the state like `read`, but recreate a damaged file. Only for the bot. Raises StateError."""
    try:
        return read(path)
    except DamagedState:
        return _recreate(path)


def change(path: Path, **fields: Any) -> None:
    """Change fields of the state in the file, and keep the others. Only for the bot. Raises StateError."""
    with _locked(path):
        before = load(path)
        after = msgspec.structs.replace(before, **fields)
        _write(path, after)
        if _essence(after) != _essence(before) or not copy_of(path).exists():
            try:
                _write(copy_of(path), _essence(after))
            except StateError as error:
                log.warning(_("the copy of the bot's state is not current: %s"), error)


def copy_of(path: Path) -> Path:
    """Return where the copy of the state file is."""
    return path.with_name(f"{path.name}.copy")


def expect(path: Path) -> State:
    """Return what `load` would return, but change nothing. Raises StateError if the file cannot be opened."""
    try:
        return read(path)
    except DamagedState:
        return _read_copy(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock on the directory of the file in this block. Raises StateError if the directory cannot be used.

    A process that was stopped while it holds the lock keeps the others waiting for LOCK_TIMEOUT_S only.
    """
    try:
        make_directory(path.parent)
        fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        deadline_s = time.monotonic() + LOCK_TIMEOUT_S
        while not _try_lock(fd) and time.monotonic() < deadline_s:
            time.sleep(LOCK_PAUSE_S)
        yield
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    """Return whether the lock is ours. A file system without locks has no process to wait for."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        log.debug("state: cannot lock its directory: %s", error)
    return True


def _read_copy(path: Path) -> State:
    try:
        if copy_of(path).exists():
            return read(copy_of(path))
    except DamagedState:
        log.debug("state: the copy of %s is damaged too", path)
    # rather ask for a backup than replace a lost database by an empty one
    return State(database_created=True)


def _essence(state: State) -> State:
    """Return what the copy holds: which live messages and which channel there are, and whether there is a database."""
    messages = tuple(msgspec.structs.replace(message, shows="") for message in state.live_messages)
    return State(messages, state.live_channel_id, database_created=state.database_created)


def _recreate(path: Path) -> State:
    """Set a damaged file aside, and write a new one with what the copy holds. Raises StateError."""
    state = _read_copy(path)
    try:
        aside = set_aside(path)
    except OSError as error:
        text = _("%(path)s is damaged, and cannot be set aside: %(problem)s; move it away")
        raise StateError(text % {"path": path, "problem": os_error_text(error)}) from error
    _write(path, state)
    text = _("%(path)s was damaged and was recreated; the damaged file is now %(aside)s")
    log.error(text, {"path": path, "aside": aside})
    if not state.live_channel_id:
        log.warning(_("if /setup had chosen a channel for the live message, that choice may be lost: repeat it"))
    return state


def _write(path: Path, state: State) -> None:
    try:
        write_file(path, msgspec.json.encode(state))
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> StateError:
    text = _("cannot write %(path)s: %(problem)s; correct its permissions or free some disk space")
    return StateError(text % {"path": path, "problem": os_error_text(error)})
