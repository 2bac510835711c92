"""Files that are there whole or not at all, for one user alone; and which of them are backups."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.private_files import replaced_file

#: ends the name of a file that is being written
PART: Final = ".part"
#: why a backup was made: each day, before the tables were changed, by an admin, before another took its place
DAILY: Final = "daily"
MIGRATION: Final = "migration"
MANUAL: Final = "manual"
RESTORE: Final = "restore"

_NAME: Final = re.compile(
    r"shop-(?P<at>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3})Z-(?P<reason>[a-z]+)(?P<kind>\.db|\.jsonl\.gz)"
)
_TIME: Final = "%Y-%m-%dT%H-%M-%S.%f"


class DataProblem(Exception):
    """An operation on the shop's data failed and changed nothing; the message says why, and what to do."""


class Backup(Struct, frozen=True):
    """One backup that is there."""

    path: Path
    #: when it was made, as its name says; UTC
    at: datetime
    #: why it was made, as its name says
    reason: str


def backup_name(at: datetime, reason: str, kind: str) -> str:
    """Return the name of a backup made at `at` as a file of a kind (".db", ".jsonl.gz"). Pure."""
    return f"shop-{at.astimezone(UTC).strftime(_TIME)[:-3]}Z-{reason}{kind}"


def parse_backup_name(path: Path) -> Backup | None:
    """Return what the name of a file says; None: it is no backup's. Pure."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    try:
        at = datetime.strptime(found["at"], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Backup(path, at, found["reason"])


def list_backups(directory: Path) -> list[Backup]:
    """Return the backups in a directory, the newest first; none where it is missing. Raises DataProblem."""
    try:
        found = [parse_backup_name(path) for path in directory.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise open_error(directory, error) from error
    return sorted((one for one in found if one is not None), key=lambda one: (one.at, one.path.name), reverse=True)


def list_stale_parts(directory: Path, older_than: datetime) -> list[Path]:
    """Return files in a directory that somebody began to write, and has not touched since `older_than`."""
    begun = directory.glob(f"*{PART}") if directory.is_dir() else ()
    return [path for path in begun if _modified_at(path) < older_than]


@contextmanager
def write_atomically(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a new empty file of one's own (0600) to write to; at the end of the block it is `path`, safe on the disk.

    Where the block fails, nothing is left of it. Without `replace` a file that is there stays, and is a problem.
    Raises DataProblem when the file cannot be written.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        _refuse_to_replace(path, replace)
        with replaced_file(path, part):
            yield part
            _refuse_to_replace(path, replace)
    except OSError as error:
        text = _("cannot write %(path)s: %(problem)s; mend its permissions or make room")
        raise DataProblem(text % {"path": error.filename or path, "problem": os_error_text(error)}) from error


def open_error(path: Path, error: OSError) -> DataProblem:
    """Say that a file cannot be used."""
    text = _("cannot open %(path)s: %(problem)s; mend its path or its permissions")
    return DataProblem(text % {"path": path, "problem": os_error_text(error)})


def _refuse_to_replace(path: Path, replace: bool) -> None:
    if not replace and path.exists():
        raise DataProblem(_("%s is there already, and is not overwritten; name another file") % path)


def _modified_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)  # it has just become whole, or was given up
