"""Why a file of the cache cannot be used, as text."""

from __future__ import annotations

import errno
from typing import Final

import apsw

from botapp.ext.cache.database import UnknownLayout
from botapp.locale import N_, _
from botapp.locale.os_errors import os_error_text

#: errors of SQLite that the operating system has a text for
_ERRNO: Final[tuple[tuple[type[apsw.Error], int], ...]] = (
    (apsw.FullError, errno.ENOSPC),
    (apsw.ReadOnlyError, errno.EROFS),
    (apsw.PermissionsError, errno.EACCES),
)
_TEXTS: Final[tuple[tuple[type[apsw.Error], str], ...]] = (
    (apsw.BusyError, N_("locked by another process")),
    (apsw.LockedError, N_("locked by another process")),
    (apsw.CantOpenError, N_("cannot be opened for writing")),
    (apsw.IOError, N_("cannot be read or written")),
    (apsw.CorruptError, N_("damaged")),
    (apsw.NotADBError, N_("damaged")),
)


def error_text(error: Exception) -> str:
    """Return why a file cannot be used, in the language in use."""
    if isinstance(error, UnknownLayout):
        return _("written by another version, or only half cleared")
    if isinstance(error, OSError):
        return os_error_text(error)
    for kind, number in _ERRNO:
        if isinstance(error, kind):
            return os_error_text(OSError(number, str(error)))
    for kind, text in _TEXTS:
        if isinstance(error, kind):
            return _(text)
    return str(error)
