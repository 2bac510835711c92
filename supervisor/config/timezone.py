"""The time zone of the configuration, for the times that this process shows. Programs keep the one they inherit.

The C library does the work: `zoneinfo` would cost the supervisor memory for as long as it runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_SYSTEM: Final = Path("/usr/share/zoneinfo")
#: what the variable was when the process began
_INHERITED: Final = os.environ.get("TZ")


def use(name: str) -> None:
    """Show times in the zone `name`, an IANA name that the configuration has been checked for."""
    os.environ["TZ"] = f":{_file(name)}"
    time.tzset()


def without(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` as it would be if `use` had never been called: for the processes that we start."""
    rest = {key: value for key, value in environ.items() if key != "TZ"}
    return rest if _INHERITED is None else {**rest, "TZ": _INHERITED}


def _file(name: str) -> Path:
    """Return the file of a zone: the system's, or that of the package which machines without any have."""
    if (_SYSTEM / name).is_file():
        return _SYSTEM / name
    from importlib.util import find_spec

    package = find_spec("tzdata")
    assert package is not None, "it is one of our requirements"
    assert package.origin is not None, "it is a package of files"
    return Path(package.origin).parent / "zoneinfo" / name
