"""What is wrong with a file of the cache, in words."""

from __future__ import annotations

import errno
from typing import Final

import apsw

from botapp.ext.cache.database import Foreign
from botapp.locale import N_, _
from botapp.locale.os_errors import os_error_text

#: what SQLite says, as the system would
_AS_SYSTEM: Final[tuple[tuple[type[apsw.Error], int], ...]] = (
    (apsw.FullError, errno.ENOSPC),
    (apsw.ReadOnlyError, errno.EROFS),
    (apsw.PermissionsError, errno.EACCES),
)
#: and what it alone can say
_WORDS: Final[tuple[tuple[type[apsw.Error], str], ...]] = (
    (apsw.BusyError, N_("another process holds it")),
    (apsw.LockedError, N_("another process holds it")),
    (apsw.CantOpenError, N_("cannot be opened for writing")),
    (apsw.IOError, N_("cannot be read or written")),
    (apsw.CorruptError, N_("damaged")),
    (apsw.NotADBError, N_("damaged")),
)


def why(error: Exception) -> str:
    """Return why a file cannot be used."""
    if isinstance(error, Foreign):
        return _("not of this version, or left half cleared")
    if isinstance(error, OSError):
        return os_error_text(error)
    for kind, number in _AS_SYSTEM:
        if isinstance(error, kind):
            return os_error_text(OSError(number, str(error)))
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return _(words)
    return str(error)
