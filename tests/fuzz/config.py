"""Configurations: whatever is in the file, it is read, or refused with one message that names the file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from supervisor.config.loading import load
from supervisor.configfile import ConfigError
from tests.fuzz.driver import fuzz

_directory = tempfile.TemporaryDirectory(prefix="stocksup-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
PATH = Path(_directory.name) / "config.toml"
#: beginnings that lead further than bytes alone
BEGINNINGS = (b"", b"[programs.bot]\n", b"[supervisor]\n", b"[logs]\n", b"[alerts]\n", b"[cache]\n", b"timezone = ")


def feed(data: bytes) -> None:
    """Feed one file."""
    PATH.write_bytes(BEGINNINGS[data[0] % len(BEGINNINGS)] + data[1:] if data else data)
    try:
        load(PATH)
    except ConfigError as error:
        assert str(PATH) in str(error)


if __name__ == "__main__":
    fuzz(feed, "supervisor.config.loading", "supervisor.configfile")
