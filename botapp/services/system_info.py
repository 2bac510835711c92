"""Facts about the host, none of them secret."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import time
from importlib import metadata
from pathlib import Path
from typing import Final

from botapp.ui.admin.system_texts import HostFacts

_LIBRARIES: Final = ("stocksup", "discord.py", "SQLAlchemy", "apsw", "msgspec")


def read_host_facts(directory: Path, since_s: float) -> HostFacts:
    """Return the facts; `directory` is on the disk of the shop, `since_s` is the start time of the bot."""
    try:
        disk = shutil.disk_usage(directory)
    except OSError:
        disk = None
    return HostFacts(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        versions={name: metadata.version(name) for name in _LIBRARIES} | {"SQLite": sqlite3.sqlite_version},
        rss_bytes=_rss_bytes(),
        disk_free_bytes=disk.free if disk else None,
        disk_bytes=disk.total if disk else None,
        uptime_s=time.time() - since_s,
        processors=os.cpu_count(),
    )


def _rss_bytes() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None  # only Linux has this file
    return pages * os.sysconf("SC_PAGE_SIZE")
