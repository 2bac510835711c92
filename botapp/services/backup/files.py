"""Backup file names, and files that are complete or absent."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.private_files import replaced_file

#: suffix of a file that is being written
PART: Final = ".part"
#: reason of a backup: every day, before a migration, on request, before a restore
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
    """A backup file."""

    path: Path
    #: when it was made, from its name; UTC
    at: datetime
    #: why it was made, from its name
    reason: str


def backup_name(at: datetime, reason: str, kind: str) -> str:
    """Return the name of a backup made at `at`, with the suffix `kind` (".db", ".jsonl.gz"). Pure."""
    return f"shop-{at.astimezone(UTC).strftime(_TIME)[:-3]}Z-{reason}{kind}"


def parse_backup_name(path: Path) -> Backup | None:
    """Return what a file name says; None if it is not the name of a backup. Pure."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    try:
        at = datetime.strptime(match["at"], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Backup(path, at, match["reason"])


def list_backups(directory: Path) -> list[Backup]:
    """Return the backups in a directory, newest first; none if it is missing. Raises DataProblem."""
    try:
        backups = [parse_backup_name(path) for path in directory.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise open_error(directory, error) from error
    return sorted(filter(None, backups), key=lambda backup: (backup.at, backup.path.name), reverse=True)


def list_stale_parts(directory: Path, older_than: datetime) -> list[Path]:
    """Return unfinished files in a directory that were last written before `older_than`."""
    parts = directory.glob(f"*{PART}") if directory.is_dir() else ()
    return [path for path in parts if _modified_at(path) < older_than]


@dataclass(frozen=True)
class Part:
    """A file that is being written."""

    #: its name, for SQLite
    path: Path
    #: the open file, for everything else: others may be able to rename what is in the directory
    file: BinaryIO


@contextmanager
def write_atomically(path: Path, *, replace: bool = False) -> Iterator[Part]:
    """Provide a new empty file (0600) to write to. At the end of the block it is fsynced and renamed to `path`.

    If the block fails, nothing is left. Without `replace` an existing file is kept and is an error.
    Raises DataProblem if the file cannot be written.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        _refuse_to_replace(path, replace)
        with replaced_file(path, part.name) as file:
            yield Part(part, file)
            _refuse_to_replace(path, replace)
    except OSError as error:
        text = _("cannot write %(path)s: %(problem)s; correct its permissions or free some space")
        named = Path(str(error.filename or ""))
        raise DataProblem(
            text % {"path": named if named.is_absolute() else path, "problem": os_error_text(error)}
        ) from error


def open_error(path: Path, error: OSError) -> DataProblem:
    """Return the error for a file that cannot be opened."""
    text = _("cannot open %(path)s: %(problem)s; correct its path or its permissions")
    return DataProblem(text % {"path": path, "problem": os_error_text(error)})


def _refuse_to_replace(path: Path, replace: bool) -> None:
    if not replace and path.exists():
        raise DataProblem(_("%s already exists and is not overwritten; choose another file name") % path)


def _modified_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)  # it was finished or deleted a moment ago
