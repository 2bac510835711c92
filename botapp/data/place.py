"""Where the live message is: carried along with the books, so that a shop that moves finds its one message again.

The bot itself keeps that in its state file, because it has to say that the database is gone where members read it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, insert, select

from botapp import state
from botapp.config import Settings
from botapp.data.problems import DataProblem
from botapp.state import StateError
from botapp.store import settings as remembered
from botapp.store.tables import live_message

_CHANNEL: Final = "live_channel_id"


def carry(connection: Connection, settings: Settings) -> None:
    """Write down in a copy of the database where the live message is. Raises DataProblem."""
    try:
        here = state.load(settings.state_file)
    except StateError as error:
        raise DataProblem(str(error)) from error
    remembered.put(connection, _CHANNEL, here.live_channel_id or None)
    connection.execute(delete(live_message))
    if (message := here.live_message) is not None:
        values = {"channel_id": message.channel_id, "message_id": message.message_id, "shows": message.shows}
        connection.execute(insert(live_message).values(**values, language=""))


def carried(connection: Connection) -> state.State:
    """Return what a copy of the database has carried along."""
    row = connection.execute(select(live_message).where(live_message.c.language == "")).first()
    message = state.LiveMessage(row.channel_id, row.message_id, row.shows) if row is not None else None
    return state.State(live_message=message, live_channel_id=remembered.get(connection, _CHANNEL, int) or 0)


def settle(settings: Settings, came: state.State) -> None:
    """Remember here what came along, unless this place knows of a live message of its own. Raises DataProblem."""
    try:
        here = state.load(settings.state_file)
        if here.live_message is None and came.live_message is not None:
            # what it shows is not told: the bot is to draw it anew
            message = state.LiveMessage(came.live_message.channel_id, came.live_message.message_id, "")
            state.change(settings.state_file, live_message=message)
        if not here.live_channel_id and came.live_channel_id:
            state.change(settings.state_file, live_channel_id=came.live_channel_id)
    except StateError as error:
        raise DataProblem(str(error)) from error
