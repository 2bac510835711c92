"""Where the shop is in the game that it sells for, as admins have said it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from sqlalchemy import Connection

from botapp.store.usecases import key_value as settings

_KEY: Final = "world"


class World(Struct, frozen=True):
    """The place of the shop; empty where nothing was said."""

    #: its name
    world: str = ""
    #: who owns it
    owner: str = ""
    #: who takes deposits there
    bot: str = ""


def get(connection: Connection) -> World:
    """Return what admins have said about the place."""
    return settings.get(connection, _KEY, World) or World()


def put(connection: Connection, world: World) -> None:
    """Say where the place is."""
    settings.put(connection, _KEY, world)
