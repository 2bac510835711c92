"""What `start` waits for: every program is up, or one has failed. Pure, but for the reports it is fed with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from supervisor.client import Message
from supervisor.locale import _, reasons

#: states in which a program has come up, or will not
_SETTLED: Final = frozenset({"RUNNING", "STOPPED", "FATAL", "BACKOFF"})


@dataclass(frozen=True)
class StartupProgress:
    """How far the programs that are being started have come."""

    #: names of the programs on their way up
    pending: tuple[str, ...]
    #: the lives that serve, by program
    up: Mapping[str, int]
    #: why programs are down that were not to stay up, or not to come up, by program
    down: Mapping[str, str] = field(default_factory=dict)
    #: the report about the program that did not come up
    failed: Message | None = None

    @classmethod
    def begin(cls, programs: Sequence[Message], names: Sequence[str]) -> StartupProgress:
        """Return the beginning: `programs` as in `status`, `names` those that are to come up."""
        waiting = cls(tuple(one["name"] for one in programs if one["name"] in names), {})
        for one in programs:
            if one["state"] not in _SETTLED:
                # those after it have not had their turn; what they show is how an earlier time ended
                break
            waiting = waiting.told({**one, "program": one["name"]})
        return waiting

    def told(self, report: Message) -> StartupProgress:
        """Return what follows from a report that the state of a program has changed."""
        report = reasons.localize(report)
        name, state = report["program"], report["state"]
        if name not in self.pending:
            return self
        if self.failed is not None or state not in _SETTLED:
            return self
        if state in ("RUNNING", "STOPPED"):
            pending = tuple(one for one in self.pending if one != name)
            if state == "RUNNING":
                return replace(self, pending=pending, up={**self.up, name: report["life"]})
            return replace(self, pending=pending, down={**self.down, name: report.get("reason") or _("stopped")})
        return replace(self, failed=report)

    def until_over(self, reports: Iterable[Message], say: Callable[[str], None]) -> StartupProgress:
        """Take in `reports` until all is up or one has failed; `say` is told what is waited for."""
        waiting, coming = self, iter(reports)
        while waiting.pending and waiting.failed is None:
            report = next(coming)
            if report.get("type") == "state":
                waiting = waiting.told(report)
                say(waiting.words())
        return waiting

    def words(self) -> str:
        """Say what is waited for."""
        return _("starting %(names)s") % {"names": ", ".join(self.pending)} if self.pending else _("all is up")
