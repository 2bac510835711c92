"""Check the shop's state file, its database and its backups. Changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from botapp.cli.doctor.finding import Finding
from botapp.config.settings import Settings
from botapp.lifecycle.preparation import remembered_miss
from botapp.locale import _
from botapp.runtime import state_file as state
from botapp.runtime.private_files import aside_of
from botapp.runtime.state_file import DamagedState, StateError
from botapp.services.backup import retention as daily
from botapp.services.backup import snapshot
from botapp.services.backup.backup import shop_database_url
from botapp.services.backup.files import DataProblem, list_backups, open_error
from botapp.services.backup.probe import find_loss, schema_version
from botapp.store.db import schema
from botapp.store.db.errors import RESTORE_COMMANDS
from botapp.store.db.place import is_missing
from supervisor.client import EXIT_BAD_CONFIG
from supervisor.configfile import ConfigError

#: maximum age of the newest backup, if daily backups are on
MAX_AGE: Final = timedelta(days=2)


def findings(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Yield the findings about the state file, the database and its backups."""
    yield from _state_file(settings)
    yield from _database(settings, now)


def _state_file(settings: Settings) -> Iterator[Finding]:
    """Yield a finding if the state file is damaged or was, and if it says that a restart cannot hand over."""
    id, name = "state_file", _("the bot's state file")
    try:
        missed_at_s = state.read(settings.state_file).events_missed_at_s
        if (problem := remembered_miss(missed_at_s)) is not None:
            yield Finding("handover", _("hand-over"), problem, warning=True)
    except DamagedState as error:
        yield Finding(id, name, str(error), warning=True)
    except StateError as error:
        yield Finding(id, name, str(error))
    if (aside := aside_of(settings.state_file)).exists():
        text = _(
            "%(path)s was damaged and was recreated. Check that the live message is in the right channel, then delete "
            "%(aside)s"
        )
        yield Finding(id, name, text % {"path": settings.state_file, "aside": aside}, warning=True)


def _database(settings: Settings, now: datetime) -> Iterator[Finding]:
    name = _("database")
    try:
        url = shop_database_url(settings)
        loss = _find_loss(settings, url)
        version = None if loss else schema_version(url)
        damage = None if loss else _damage(url)
    except ConfigError as error:
        yield Finding("database", name, str(error), code=EXIT_BAD_CONFIG)
        return
    except schema.SchemaTooNew as error:
        yield Finding("database", name, str(error), code=EXIT_BAD_CONFIG)
        return
    except DataProblem as error:
        yield Finding("database", name, str(error))
        return
    except OSError as error:
        yield Finding("database", name, str(open_error(settings.database_file, error)))
        return
    if loss is not None:
        yield Finding("database", name, loss)
        yield _backups(settings, url, now)
    elif damage is not None:
        text = _("it is damaged (%s); run: %s")
        yield Finding("database", name, text % (damage, RESTORE_COMMANDS))
    elif version is None:
        yield Finding("database", _("database: none yet; the first start creates it"))
    elif version != schema.VERSIONS[-1]:
        text = _("database: version %(there)s; the next start makes a backup and updates it to %(known)s")
        yield Finding("database", text % {"there": version, "known": schema.VERSIONS[-1]})
    else:
        yield Finding("database", _("database: version %s, up to date") % version)
    if version is not None:
        yield _backups(settings, url, now)


def _find_loss(settings: Settings, url: URL) -> str | None:
    try:
        return find_loss(settings, url)
    except StateError:
        return None  # a finding of its own


def _damage(url: URL) -> str | None:
    """Return the damage of a database file, or None; skips large files, which would take too long."""
    if url.get_backend_name() != "sqlite":
        return None  # the server sees to that
    path = Path(str(url.database))
    if is_missing(path) or path.stat().st_size > snapshot.ONE_STEP_BYTES:
        return None
    with snapshot.open_snapshot(url, path) as copy:
        found = str(copy.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return None if found == "ok" else " ".join(found.split())  # SQLite breaks lines within a message


def _backups(settings: Settings, url: URL, now: datetime) -> Finding:
    id, name = "backups", _("backups")
    try:
        there = list_backups(settings.backup_dir)
    except DataProblem as error:
        return Finding(id, name, str(error))
    needed = 2 * _bytes_of(url, there[0].path if there else None)
    if (place := _existing(settings.backup_dir)) is not None and shutil.disk_usage(place).free < needed:
        text = _("not enough space for the next backup in %(path)s; free %(size)d MiB")
        facts = {"path": settings.backup_dir, "size": needed // 1024 // 1024 + 1}
        return Finding(id, name, text % facts, warning=True)
    if future := [backup.path.name for backup in there if daily.is_from_future(backup, now)]:
        text = _(
            "made in the future by this host's clock, so their age is unknown: %s; correct the clock, or delete them "
            "if they were made while it was wrong"
        )
        return Finding(id, name, text % ", ".join(future[:3]), warning=True)
    last_at = daily.latest_backup_time(there, now)
    if not settings.store.backup_keep_days:
        return Finding(id, _("backups: off ([store] backup_keep_days = 0)"))
    if last_at is None:
        return Finding(id, _("backups: none yet; the bot makes the first one a minute after its start"))
    hours = max(0, int((now - last_at).total_seconds() // 3600))
    if now - last_at > MAX_AGE:
        text = _("the last backup is %d h old, but a running bot makes one every day; see: stocksup logs bot")
        return Finding(id, name, text % hours, warning=True)
    return Finding(id, _("backups: the last one is %d h old") % hours)


def _bytes_of(url: URL, last: Path | None) -> int:
    path = Path(str(url.database)) if url.get_backend_name() == "sqlite" else last
    return path.stat().st_size if path is not None and path.exists() else 0


def _existing(path: Path) -> Path | None:
    return next((one for one in (path, *path.parents) if one.exists()), None)
