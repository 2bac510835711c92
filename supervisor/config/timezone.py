"""Use the configured time zone for the times that this process shows. Programs inherit the original one.

The C library converts the times: `zoneinfo` would cost the supervisor memory.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Final

from supervisor.configfile import find_zone_file

#: the value of TZ when the process started
_INHERITED: Final = os.environ.get("TZ")


def use(name: str) -> None:
    """Show times in the zone `name`, or in UTC if its file has been deleted since the name was checked."""
    os.environ["TZ"] = f":{find_zone_file(name) or 'UTC'}"
    time.tzset()


def use_inherited() -> None:
    """Show times in the zone that this process was started with."""
    inherited = restore_inherited(os.environ).get("TZ")
    if inherited is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = inherited
    time.tzset()


def restore_inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with the original TZ, for child processes."""
    rest = {key: value for key, value in environ.items() if key != "TZ"}
    return rest if _INHERITED is None else {**rest, "TZ": _INHERITED}
