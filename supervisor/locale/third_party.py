"""Translate the operating system's error messages."""

from __future__ import annotations

import errno
from typing import Final

from supervisor.locale import N_, _

#: the messages that have a translation; the others stay as the system writes them
_MESSAGES: Final = (
    N_("Address already in use"),
    N_("Argument list too long"),
    N_("Broken pipe"),
    N_("Cannot allocate memory"),
    N_("Connection refused"),
    N_("Device or resource busy"),
    N_("Disk quota exceeded"),
    N_("Exec format error"),
    N_("File exists"),
    N_("File name too long"),
    N_("Input/output error"),
    N_("Is a directory"),
    N_("No such file or directory"),
    N_("No space left on device"),
    N_("Not a directory"),
    N_("Not a regular file"),  # not of the system: `supervisor.config.files`
    N_("Operation not permitted"),
    N_("Operation not supported"),
    N_("Permission denied"),
    N_("Read-only file system"),
    N_("Resource temporarily unavailable"),
    N_("Text file busy"),
    N_("Too many levels of symbolic links"),
    N_("Too many open files"),
    N_("Too many open files in system"),
)


#: what to do about an error, by its number; "a file" and "a directory" are what is in the place
_REMEDIES: Final = {
    errno.ENOENT: N_("correct the path"),
    errno.EEXIST: N_("a file is where a directory must be: move it away"),
    errno.ENOTDIR: N_("a file is where a directory must be: move it away"),
    errno.EISDIR: N_("a directory is where a file must be: move it away"),
    errno.EINVAL: N_("move it away"),
    errno.ENOSPC: N_("free some disk space"),
    errno.EDQUOT: N_("free some disk space"),
    errno.EROFS: N_("make the file system writable"),
    errno.EMFILE: N_("raise the limit of open files (ulimit -n)"),
    errno.ENFILE: N_("close some programs"),
    errno.ENAMETOOLONG: N_("choose a shorter path"),
}


def os_error_remedy(error: OSError) -> str:
    """Return what to do about `error`; without anything better, to correct the permissions."""
    return _(_REMEDIES.get(error.errno or 0, N_("correct its permissions")))


def os_error_text(error: OSError) -> str:
    """Return the system's message for `error`, translated."""
    return translate_os_error(error.strerror or str(error))


def translate_os_error(text: str) -> str:
    """Return the system's message `text`, translated."""
    return _(text) if text in _MESSAGES else text
