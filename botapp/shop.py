"""The shop's part of the bot: its database, opened once for a life. Loaded while Discord lets the bot in."""

from __future__ import annotations

import logging

from sqlalchemy import Connection

from botapp.config import ConfigError, Settings
from botapp.locale import _
from botapp.store import products, schema
from botapp.store.database import Database, url_of
from botapp.store.records import Product
from botapp.store.unavailable import Unavailable

log = logging.getLogger(__name__)


class Shop:
    """One life's shop. `database.run` does what can be done in it."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigError when `[store] url` is none."""
        self.settings = settings
        try:
            url = url_of(settings.store.url, settings.database_file)
        except ValueError as error:
            text = _("%(path)s: [store] url: %(problem)s")
            raise ConfigError(text % {"path": settings.path, "problem": error}) from error
        self.database = Database(url)
        self._migrated = False

    async def open(self) -> None:
        """Bring the tables up to date. A database that cannot be used now is tried again with its next use.

        Raises ConfigError when it is of a newer version.
        """
        try:
            await self._migrate()
        except schema.Newer as error:
            raise ConfigError(f"{self.database.where}: {error}") from error
        except Unavailable as error:
            log.error(_("cannot open the shop's database: %s; it is tried again"), error)

    async def products(self) -> tuple[Product, ...]:
        """Return the products on sale. Raises Unavailable."""
        if not self._migrated:
            await self._migrate()
        return tuple(await self.database.run(products.on_sale))

    async def close(self) -> None:
        """Finish what is under way and close the database."""
        await self.database.close()

    async def _migrate(self) -> None:
        def work(connection: Connection) -> bool:
            return schema.migrate(connection, before=lambda: None)

        if await self.database.run(work):
            log.info(_("The shop's database is now of version %s"), schema.VERSIONS[-1])
        self._migrated = True
