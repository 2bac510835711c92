"""Wait until every program runs or one has failed, from the supervisor's reports. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from supervisor.client import Message
from supervisor.locale import _, reasons

#: states in which a program has started, or failed to
_SETTLED: Final = frozenset({"RUNNING", "STOPPED", "FATAL", "BACKOFF"})


@dataclass(frozen=True)
class StartupProgress:
    """The progress of programs that are being started."""

    #: names of the programs that are still starting
    pending: tuple[str, ...]
    #: number of the process that runs, by program
    up: Mapping[str, int]
    #: why a program is stopped on purpose, by program
    down: Mapping[str, str] = field(default_factory=dict)
    #: the report about the program that failed to start
    failed: Message | None = None

    @classmethod
    def begin(cls, programs: Sequence[Message], names: Sequence[str]) -> StartupProgress:
        """Return the initial progress, from the `programs` of `status` and the `names` of those that start."""
        waiting = cls(tuple(one["name"] for one in programs if one["name"] in names), {})
        is_old = False
        for program in programs:
            # the programs after one that starts have an old state, unless they run: they have not started yet
            is_old = is_old or program["state"] not in _SETTLED
            if not is_old or program["state"] == "RUNNING":
                waiting = waiting.after({**program, "program": program["name"]})
        return waiting

    def after(self, report: Message) -> StartupProgress:
        """Return the progress after a report that the state of a program changed."""
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
        """Read `reports` until all programs run or one has failed; pass the progress text to `say`."""
        waiting, coming = self, iter(reports)
        while waiting.pending and waiting.failed is None:
            report = next(coming)
            if report.get("type") == "state":
                waiting = waiting.after(report)
                say(waiting.describe())
        return waiting

    def describe(self) -> str:
        """Return the progress as text."""
        return (
            _("starting %(names)s") % {"names": ", ".join(self.pending)}
            if self.pending
            else _("all programs are running")
        )
