"""Decides who may look: the names that the server answers for, sessions, and how many requests. Pure, with a clock."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from botapp.config.settings import Dashboard

#: names of this machine for itself; a browser resolves no other name to it that a site could own
_LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
#: requests at once, and a second, for each address
BURST: Final = 60
RATE: Final = 20.0
#: addresses that are remembered
_MAX_ADDRESSES: Final = 1000


def is_known_host(place: Dashboard, host: str) -> bool:
    """Return whether a request for `host` (the header Host) is meant for this server.

    A site whose name resolves to this machine (DNS rebinding) has another Host. The port of a loopback name may differ:
    `ssh -L` forwards any port.
    """
    name = _address(f"//{host}")
    if name is None:
        return False
    is_public = bool(place.public_url) and name == _address(place.public_url)
    return is_public or name[0] in _LOOPBACK_NAMES or (name[0] == place.host and not _is_unspecified(name[0]))


def is_own_origin(place: Dashboard, host: str, origin: str) -> bool:
    """Return whether the header Origin names the page of this server, for a request with the header Host `host`."""
    own = (f"http://{host}", place.public_url) if place.public_url else (f"http://{host}",)
    return origin in own and is_known_host(place, host)


def is_local(place: Dashboard, host: str, peer: str) -> bool:
    """Return whether a request is certainly from this machine: with a proxy (`public_url`) none is."""
    try:
        is_loopback = ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
    name = _address(f"//{host}")
    return is_loopback and not place.public_url and name is not None and name[0] in _LOOPBACK_NAMES


def has_bearer_token(header: str, token: str) -> bool:
    """Return whether the header Authorization has the token."""
    scheme, _space, given = header.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


class RateLimit:
    """Allows each address so many requests; a token bucket for each of the last addresses."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """`clock` returns monotonic seconds."""
        self._clock = clock
        #: by address: the requests left, and when that was, the latest address last
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, address: str) -> bool:
        """Count a request; return whether it is within the limit."""
        now_s = self._clock()
        left, at_s = self._buckets.pop(address, (float(BURST), now_s))
        left = min(float(BURST), left + (now_s - at_s) * RATE)
        is_allowed = left >= 1
        self._buckets[address] = (left - 1 if is_allowed else left, now_s)
        if len(self._buckets) > _MAX_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        return is_allowed


def _address(url: str) -> tuple[str, int | None] | None:
    """Return the host and the port in a URL; None if it has none that is valid."""
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port) if parts.hostname else None
    except ValueError:
        return None


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
