"""Injected faults: which REST request fails, and how. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

#: maximum number of faults
MAX_FAULTS: Final = 100
_MAX_DELAY_S: Final = 60.0
_FIELDS: Final = {
    *("method", "path", "status", "code", "message", "delay_s", "retry_after_s", "times", "after"),
    *("drop", "html", "skip", "via"),
}


class InvalidFault(ValueError):
    """The description of a fault is not valid."""


@dataclass
class Fault:
    """One fault. It applies to requests whose method and path match."""

    #: an HTTP method, or `*`
    method: str = "*"
    #: a pattern for the path below /api/v10, with `*` for anything: `/channels/*/messages`
    path: str = "*"
    #: status of the answer; None: the request is only delayed, or the connection is closed
    status: int | None = None
    #: Discord's error code and message in the answer
    code: int = 0
    message: str = ""
    #: seconds before the request is handled
    delay_s: float = 0.0
    #: for status 429: the `Retry-After` of the answer, in seconds
    retry_after_s: float = 1.0
    #: number of requests it still applies to; None: all until it is removed
    times: int | None = None
    #: number of requests that pass before it applies
    skip: int = 0
    #: execute the request and fail only the answer, as when an answer is lost
    after: bool = False
    #: close the connection instead of answering
    drop: bool = False
    #: answer with this page, as a proxy does; the status may be 200 then
    html: str = ""
    #: for status 429: whether the answer has the header Via, as Discord's has
    via: bool = True

    @property
    def fails(self) -> bool:
        """Whether the request gets another answer than Discord's."""
        return self.status is not None or self.drop

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Fault:
        """Return the fault that `fields` (JSON) describe. Raises InvalidFault."""
        unknown = sorted(fields.keys() - _FIELDS)
        if unknown:
            raise InvalidFault(f"unknown field {unknown[0]!r} in a fault; known: {', '.join(sorted(_FIELDS))}")
        if not all(isinstance(fields.get(name, ""), str) for name in ("method", "path", "message", "html")):
            raise InvalidFault("method, path and message are strings")
        fault = cls(**fields)
        if not _is_int(fault.code):
            raise InvalidFault("code is a whole number")
        lowest = 200 if fault.html else 400
        if fault.status is not None and not (_is_int(fault.status) and lowest <= fault.status <= 599):
            raise InvalidFault(f"status is a number from {lowest} to 599")
        if fault.times is not None and not (_is_int(fault.times) and fault.times > 0):
            raise InvalidFault("times is a whole number above 0")
        if not _is_int(fault.skip) or fault.skip < 0:
            raise InvalidFault("skip is a whole number from 0")
        if not _is_seconds(fault.delay_s) or not _is_seconds(fault.retry_after_s):
            raise InvalidFault(f"delay_s and retry_after_s are seconds from 0 to {_MAX_DELAY_S:g}")
        if not fault.fails and fault.delay_s == 0:
            raise InvalidFault("a fault needs a status, a delay_s or drop")
        return fault

    def matches(self, method: str, path: str) -> bool:
        """Return whether the fault applies to a request for `path` (below /api/v10)."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class Faults:
    """The active faults. The first that matches a request applies to it."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        #: offset of this Discord's clock in seconds
        self.clock_offset_s = 0.0

    def add(self, fault: Fault) -> None:
        """Add a fault. Raises InvalidFault when there are MAX_FAULTS already."""
        if len(self.active) >= MAX_FAULTS:
            raise InvalidFault(f"there are {MAX_FAULTS} faults already; remove some first")
        self.active.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        self.active.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for this request, or None. This uses up one of the fault's `skip` or `times`."""
        fault = next((fault for fault in self.active if fault.matches(method, path)), None)
        if fault is not None and fault.skip:
            fault.skip -= 1
            return None
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self.active.remove(fault)
        return fault


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MAX_DELAY_S
