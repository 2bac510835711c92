"""What the sender of alerts is told on its stdin, and what it answers on its stdout. Records only, no decisions."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from supervisor.alerts.incidents import Notification


class Origin(Struct, frozen=True):
    """Where it happens."""

    #: name of the machine
    host: str
    #: the configuration file of the instance
    config: str
    #: the directory it keeps its files in
    state_dir: str
    #: an IANA name
    timezone: str


class TargetBatch(Struct, frozen=True):
    """What goes to one address."""

    #: the id that receipts name
    address: str
    url: str
    #: numbers of alerts, by message
    messages: tuple[tuple[int, ...], ...]


class SendRequest(Struct, frozen=True):
    """What there is to send: the whole of stdin, in JSON."""

    language: Literal["id", "en"]
    scene: Origin
    alerts: tuple[Notification, ...]
    deliveries: tuple[TargetBatch, ...]


class DeliveryResult(Struct, frozen=True):
    """What came of one message: a line of stdout, in JSON."""

    #: empty: it concerns all
    address: str
    numbers: tuple[int, ...]
    #: why it was not taken; None: it was
    problem: str | None
