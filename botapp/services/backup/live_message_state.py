"""Where the live message is: carried along with the books, so that a shop that moves finds its one message again.

The bot itself keeps that in its state file, because it has to say that the database is gone where members read it.
"""

from __future__ import annotations

import logging
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.private_files import chown_like_directory
from botapp.runtime.state_file import StateError
from botapp.services.backup.files import DataProblem, open_error
from botapp.store.db.tables import live_message
from botapp.store.usecases import key_value as remembered

log = logging.getLogger(__name__)

_CHANNEL: Final = "live_channel_id"


def save_to_backup(connection: Connection, settings: Settings) -> None:
    """Write down in a copy of the database where the live message is, as far as that is known."""
    try:
        here = state.load(settings.state_file)
    except StateError as error:
        # no reason to save no money either: the bot looks for its message in the channel
        log.warning(_("where the live message is was not saved: %s"), error)
        here = state.State()
    remembered.put(connection, _CHANNEL, here.live_channel_id or None)
    connection.execute(delete(live_message))
    for message in here.live_messages:
        connection.execute(insert(live_message).values(**msgspec.structs.asdict(message)))


def read_from_backup(connection: Connection) -> state.State:
    """Return what a copy of the database has carried along."""
    columns = (live_message.c.channel_id, live_message.c.message_id, live_message.c.shows, live_message.c.language)
    messages = tuple(state.LiveMessage(*row) for row in connection.execute(select(*columns)))
    return state.State(live_messages=messages, live_channel_id=remembered.get(connection, _CHANNEL, int) or 0)


def apply(settings: Settings, came: state.State) -> None:
    """Remember here what came along, unless this place knows of a live message of its own. Raises DataProblem."""
    try:
        here = state.load(settings.state_file)
        if not here.live_messages and came.live_messages:
            # what they show is not told: the bot is to draw them anew
            messages = tuple(msgspec.structs.replace(one, shows="") for one in came.live_messages)
            state.change(settings.state_file, live_messages=messages)
        if not here.live_channel_id and came.live_channel_id:
            state.change(settings.state_file, live_channel_id=came.live_channel_id)
        if settings.state_file.exists():
            chown_like_directory(settings.state_file)
    except StateError as error:
        raise DataProblem(str(error)) from error
    except OSError as error:
        raise open_error(settings.state_file, error) from error
