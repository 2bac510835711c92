"""The database of one process's shop: locked against other programs, migrated before its first use."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.runtime import state_file
from botapp.runtime.state_file import StateError
from botapp.services.backup.files import MIGRATION, DataProblem
from botapp.services.backup.lock import SharedLock
from botapp.store.db import schema
from botapp.store.db.database import Database, database_url
from botapp.store.db.errors import RESTORE_COMMANDS, Unavailable
from botapp.store.db.limits import MIGRATION_TIMEOUT_S, time_limit
from supervisor.configfile import ConfigError

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class ShopDatabase:
    """Runs use cases in transactions."""

    def __init__(self, settings: Settings, on_health: Callable[[], None] = lambda: None) -> None:
        """`on_health` is called when the health has changed. Raises ConfigError if `[store] url` is not valid."""
        self._settings = settings
        try:
            url = database_url(settings.store.url, settings.database_file)
        except ValueError as error:
            text = _("%(path)s: [store] url: %(problem)s")
            raise ConfigError(text % {"path": settings.path, "problem": error}) from error
        self._database = Database(url, create_if_missing=not self._was_created(), on_health=on_health)
        self._lock: SharedLock | None = None
        self._migrated = False
        #: why the database cannot be used although it can be reached
        self._problem: str | None = None

    async def open(self) -> None:
        """Migrate the database. One that is not available is tried again when it is next used.

        Raises ConfigError if a newer version of this program wrote it.
        """
        try:
            await self._migrate()
        except schema.SchemaTooNew as error:
            raise ConfigError(f"{self._database.where}: {error}") from error
        except Unavailable as error:
            log.error(_("cannot open the shop's database: %s; the next use tries again"), error)

    async def open_beside(self) -> bool:
        """Open the database beside the process that serves, and migrate it if that process can go on then.

        Returns False, and changes nothing, if the migration has to wait for the end of that process: `open` is to
        follow. Raises ConfigError as `open`, and Unavailable.
        """
        try:
            version = await self._run_locked(schema.get_version)
            await self._refuse_lost_tables()
            if not schema.pending_usable_by_previous(version):
                return False
            await self._migrate(records_creation=False)
        except schema.SchemaTooNew as error:
            raise ConfigError(f"{self._database.where}: {error}") from error
        except DataProblem as error:
            raise Unavailable(str(error)) from error
        return True

    async def run(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Run `use_case(connection, …)` in a transaction. Raises Unavailable, and whatever the use case raises."""
        if not self._migrated:
            await self._migrate()
        return await self._database.run(use_case, *arguments, **keywords)

    async def probe(self) -> None:
        """Check whether the database answers, so that its health is right while no one uses it."""
        await self._database.probe()
        if not self._migrated and self._database.error is None:
            try:
                await self._migrate()
            except Unavailable as error:
                log.debug("database: still not usable: %s", error)

    def health(self) -> dict[str, Any]:
        """Return the health of the database, as `status` shows it."""
        health = self._database.health()
        return {**health, "is_healthy": False, "last_error": self._problem} if self._problem else health

    async def close(self) -> None:
        """Finish running transactions, close the database and release the lock."""
        await self._database.close()
        if self._lock is not None:
            self._lock.release()

    async def _migrate(self, *, records_creation: bool = True) -> None:
        """Migrate the database, after a backup. Raises Unavailable, SchemaTooNew."""
        try:
            # with the ordinary time limit, because a server may be silent from the start
            if not await self._run_locked(schema.is_current):
                await self._refuse_lost_tables()
                before = await self._database.run(schema.get_version)
                with time_limit(MIGRATION_TIMEOUT_S):
                    is_changed = await self._database.run(schema.migrate, back_up=self._back_up)
                if is_changed:
                    _log_migration(before)
        except DataProblem as error:
            self._problem = str(error)
            raise Unavailable(self._problem) from error
        self._migrated, self._problem = True, None
        if records_creation:
            self.record_creation()

    async def _run_locked(self, use_case: Callable[[Connection], T]) -> T:
        """Run a use case of the database that no other program replaces. Raises DataProblem, Unavailable."""
        if self._lock is None:
            self._lock = SharedLock(self._settings)
        return await self._database.run(use_case)

    async def _refuse_lost_tables(self) -> None:
        """Do not open an empty shop in place of the one that was there. Raises DataProblem."""
        if self._was_created() and await self._database.run(schema.get_version) is None:
            text = _("%s is empty, although the shop had a database; bring it back, or run: %s")
            raise DataProblem(text % (self._database.where, RESTORE_COMMANDS))

    def _was_created(self) -> bool:
        """Return whether an earlier process created the database: then a missing file is not replaced."""
        try:
            return state_file.expect(self._settings.state_file).database_created
        except StateError as error:
            log.warning(_("cannot read whether the shop has a database: %s"), error)
            return False

    def record_creation(self) -> None:
        """Record that the shop has a database, if it could be opened. Only for the process that serves."""
        try:
            if self._migrated and not state_file.load(self._settings.state_file).database_created:
                state_file.change(self._settings.state_file, database_created=True)
        except StateError as error:
            log.warning(_("cannot record that the shop has a database: %s"), error)

    def _back_up(self) -> None:
        from botapp.services.backup.backup import make_backup

        log.info(_("backup made: %s"), make_backup(self._settings, reason=MIGRATION))


def _log_migration(before: str | None) -> None:
    if before is None:
        log.info(_("database: created (version %s)"), schema.VERSIONS[-1])
    else:
        log.info(_("database: upgraded (version %s → %s)"), before, schema.VERSIONS[-1])
