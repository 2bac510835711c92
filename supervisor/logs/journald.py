"""systemd's journal: where it listens, and whether stderr is connected to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

#: the journal's datagram socket: systemd-journald.service(8)
SOCKET: Final = "/run/systemd/journal/socket"
_STDERR: Final = 2


def is_stderr(environ: Mapping[str, str]) -> bool:
    """Return whether stderr of this process is the journal.

    `JOURNAL_STREAM` names device and inode of the journal's stream (systemd.exec(5)). Terminals of a desktop session
    inherit the variable too, so its presence proves nothing.
    """
    try:
        stat = os.fstat(_STDERR)
    except OSError:
        return False  # stderr is closed
    return environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"
