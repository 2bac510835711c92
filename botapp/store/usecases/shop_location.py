"""The location of the shop in the game it sells for, as set by admins."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from sqlalchemy import Connection

from botapp.store.usecases import key_value

_KEY: Final = "world"


class ShopLocation(Struct, frozen=True):
    """The location of the shop; fields that admins have not set are empty."""

    #: name of the world
    world: str = ""
    owner: str = ""
    #: name of the bot that accepts deposits there
    bot: str = ""


def get(connection: Connection) -> ShopLocation:
    """Return the location that admins have set."""
    return key_value.get(connection, _KEY, ShopLocation) or ShopLocation()


def put(connection: Connection, location: ShopLocation) -> None:
    """Store the location."""
    key_value.put(connection, _KEY, location)
