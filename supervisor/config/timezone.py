"""Use the configured time zone for the times that this process shows. Programs inherit the original one.

The C library converts the times: `zoneinfo` would cost the supervisor memory.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_SYSTEM: Final = Path("/usr/share/zoneinfo")
#: the value of TZ when the process started
_INHERITED: Final = os.environ.get("TZ")


def use(name: str) -> None:
    """Show times in the zone `name`, a valid IANA name."""
    os.environ["TZ"] = f":{_file(name)}"
    time.tzset()


def restore_inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with the original TZ, for child processes."""
    rest = {key: value for key, value in environ.items() if key != "TZ"}
    return rest if _INHERITED is None else {**rest, "TZ": _INHERITED}


def _file(name: str) -> Path:
    """Return the file of a zone: the system's, or that of the package `tzdata`."""
    if (_SYSTEM / name).is_file():
        return _SYSTEM / name
    from importlib.util import find_spec

    package = find_spec("tzdata")
    assert package is not None, "tzdata is one of our requirements"
    assert package.origin is not None, "tzdata is a package of files"
    return Path(package.origin).parent / "zoneinfo" / name
