"""systemd's journal: whether our lines go there, and where programs find it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

#: where the journal takes datagrams: systemd-journald.service(8)
SOCKET: Final = "/run/systemd/journal/socket"
_STDERR: Final = 2


def takes_stderr(environ: Mapping[str, str]) -> bool:
    """Tell whether this process' stderr is the journal.

    `JOURNAL_STREAM` names the device and inode that it then is (systemd.exec(5)). That it is there says little: a
    terminal of a desktop's session has it too.
    """
    try:
        found = os.fstat(_STDERR)
    except OSError:
        return False  # it is closed
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
