"""Settings of the gateway: limits, latency, refused handshakes, and late or missing events. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

_Seconds = Annotated[float, Meta(ge=0, le=3600)]


@dataclass(frozen=True)
class Client:
    """The client of a session: the number of its IDENTIFY, the `device` that it named there, and its process."""

    number: int
    device: str = ""
    pid: int | None = None


class ClientFilter(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Some clients: those with the given fields. Without any field: all."""

    number: int | None = None
    device: str | None = None
    pid: int | None = None

    def matches(self, client: Client) -> bool:
        """Return whether this filter selects a client."""
        wanted = ((self.number, client.number), (self.device, client.device), (self.pid, client.pid))
        return all(expected is None or expected == actual for expected, actual in wanted)


class Delivery(ClientFilter, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the events reach the sessions of some clients."""

    #: seconds by which each event reaches these sessions late
    delay_s: Annotated[float, Meta(ge=0, le=60)] = 0.0
    #: names of the events that these sessions do not receive; true: none at all, apart from READY and GUILD_CREATE
    deaf: bool | list[str] = False

    def drops(self, event: str) -> bool:
        """Return whether an event does not reach these sessions."""
        return self.deaf if isinstance(self.deaf, bool) else event in self.deaf


class HandshakeFault(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What happens to an IDENTIFY or a RESUME instead of its success."""

    #: INVALID_SESSION (op 9, not resumable), no answer, a TCP connection that breaks, or a close with `code`
    how: Literal["invalid", "silent", "abort", "close"]
    code: Annotated[int, Meta(ge=4000, le=4999)] = 4000
    #: seconds for which it applies, from now on; None: until it is removed
    for_s: _Seconds | None = None
    #: number of handshakes that it applies to; None: all
    times: Annotated[int, Meta(ge=1)] | None = None


class GatewaySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings of the gateway, with their usual values."""

    #: whether new connections are refused
    refuse_gateway: bool = False
    #: whether two IDENTIFYs within 5 s are refused
    identify_limit: bool = False
    identify_fault: HandshakeFault | None = None
    resume_fault: HandshakeFault | None = None
    #: seconds for which a session without a connection can be resumed; others have observed about 90 s
    resume_window_s: _Seconds = 90.0
    #: events that a session keeps for a RESUME
    replay_limit: Annotated[int, Meta(ge=0, le=10_000)] = 100
    #: the first that matches a client applies to its session
    deliveries: list[Delivery] = []
    #: milliseconds that a round trip takes, for REST and for the gateway
    latency_ms: Annotated[float, Meta(ge=0, le=10_000)] = 0.0

    @property
    def one_way_s(self) -> float:
        """Return the seconds that a message takes in one direction."""
        return self.latency_ms / 2000

    def find_delivery(self, client: Client) -> Delivery | None:
        """Return the delivery that applies to a client's session, or None."""
        return next((one for one in self.deliveries if one.matches(client)), None)


class ActiveFault:
    """A HandshakeFault (or none) that was set at `now_s`, and how often it still applies."""

    def __init__(self, fault: HandshakeFault | None, now_s: float) -> None:
        self._fault = fault
        self._until_s = None if fault is None or fault.for_s is None else now_s + fault.for_s
        self._left = None if fault is None else fault.times

    def take(self, now_s: float) -> HandshakeFault | None:
        """Return the fault that applies to a handshake at `now_s`, or None. This uses up one of its `times`."""
        if self._left == 0 or (self._until_s is not None and now_s >= self._until_s):
            return None
        if self._left is not None:
            self._left -= 1
        return self._fault


def read_changes(given: dict[str, Any], names: Iterable[str] = GatewaySettings.__struct_fields__) -> dict[str, Any]:
    """Return the settings in `given` (JSON), read and checked. Raises msgspec.ValidationError."""
    changed = {name: given[name] for name in names if name in given}
    settings = msgspec.convert(changed, GatewaySettings)
    return {name: getattr(settings, name) for name in changed}
