"""Translate the operating system's error messages."""

from __future__ import annotations

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


def os_error_text(error: OSError) -> str:
    """Return the system's message for `error`, translated."""
    return translate_os_error(error.strerror or str(error))


def translate_os_error(text: str) -> str:
    """Return the system's message `text`, translated."""
    return _(text) if text in _MESSAGES else text
