"""What the system says when a file or an address cannot be used, in the language in use. Pure."""

from __future__ import annotations

import errno
from typing import Final

from botapp.locale import N_, _

#: what goes wrong on a server; anything else is told in the system's own words
_WORDS: Final = {
    errno.EACCES: N_("Permission denied"),
    errno.ECONNREFUSED: N_("connection refused"),
    errno.EHOSTUNREACH: N_("No route to host"),
    errno.EISDIR: N_("Is a directory"),
    errno.ENETUNREACH: N_("Network is unreachable"),
    errno.ENOENT: N_("No such file or directory"),
    errno.ENOSPC: N_("No space left on device"),
    errno.ENOTDIR: N_("Not a directory"),
    errno.EPERM: N_("Operation not permitted"),
    errno.EROFS: N_("Read-only file system"),
    errno.ETIMEDOUT: N_("Connection timed out"),
}


def os_error_text(error: OSError) -> str:
    """Return why the system refused."""
    words = _WORDS.get(error.errno or 0)
    return _(words) if words else str(error.strerror or error)
