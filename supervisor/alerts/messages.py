"""The records on the pipes between the supervisor and the senders. No decisions."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from supervisor.alerts.incidents import Notification


class Origin(Struct, frozen=True):
    """The instance that alerts come from."""

    #: name of the machine
    host: str
    #: path of the configuration file
    config: str
    #: path of the state directory
    state_dir: str
    #: an IANA name
    timezone: str


class TargetBatch(Struct, frozen=True):
    """The messages for one target."""

    #: its id, which `DeliveryResult` repeats
    target: str
    url: str
    #: numbers of notifications, by message
    messages: tuple[tuple[int, ...], ...]


class SendRequest(Struct, frozen=True):
    """Everything that is to be sent: the whole of stdin, in JSON."""

    language: Literal["id", "en"]
    origin: Origin
    notifications: tuple[Notification, ...]
    batches: tuple[TargetBatch, ...]


class DeliveryResult(Struct, frozen=True):
    """The result of one message: a line of stdout, in JSON."""

    #: empty: the result is about all targets
    target: str
    numbers: tuple[int, ...]
    #: why it was not delivered; None: it was
    problem: str | None


class PingRequest(Struct, frozen=True):
    """One ping: the whole of stdin of its process, in JSON."""

    language: Literal["id", "en"]
    url: str
    #: what is posted; None: a GET
    body: str | None


class PingResult(Struct, frozen=True):
    """The result of a ping: the only line of stdout, in JSON."""

    #: why it was not received; None: it was
    problem: str | None
