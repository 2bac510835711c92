"""Save the location of the live message with a backup, so that a moved shop finds its message again.

The bot itself keeps the location in its state file, because it shows database failures in the live message.
"""

from __future__ import annotations

import logging
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.state_file import StateError
from botapp.services.backup.files import DataProblem
from botapp.store.db.tables import live_message
from botapp.store.usecases import key_value

log = logging.getLogger(__name__)

_CHANNEL: Final = "live_channel_id"


def save_to_backup(connection: Connection, settings: Settings) -> None:
    """Store the location of the live message in a copy of the database."""
    try:
        current = state.expect(settings.state_file)
    except StateError as error:
        # a backup without it is better than none: the bot searches the channel for its message
        log.warning(_("backup: the location of the live message was not saved: %s"), error)
        current = state.State()
    key_value.put(connection, _CHANNEL, current.live_channel_id or None)
    connection.execute(delete(live_message))
    for message in current.live_messages:
        connection.execute(insert(live_message).values(**msgspec.structs.asdict(message)))


def read_from_backup(connection: Connection) -> state.State:
    """Return the location that a copy of the database contains."""
    columns = (live_message.c.channel_id, live_message.c.message_id, live_message.c.shows, live_message.c.language)
    messages = tuple(state.LiveMessage(*row) for row in connection.execute(select(*columns)))
    return state.State(live_messages=messages, live_channel_id=key_value.get(connection, _CHANNEL, int) or 0)


def apply(settings: Settings, saved: state.State) -> None:
    """Store the location from a backup in the state file, unless that has a live message. Raises DataProblem."""
    try:
        current = state.load(settings.state_file)
        if not current.live_messages and saved.live_messages:
            # without a fingerprint the bot renders them again
            messages = tuple(msgspec.structs.replace(message, shows="") for message in saved.live_messages)
            state.change(settings.state_file, live_messages=messages)
        if not current.live_channel_id and saved.live_channel_id:
            state.change(settings.state_file, live_channel_id=saved.live_channel_id)
    except StateError as error:
        raise DataProblem(str(error)) from error
