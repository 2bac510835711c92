"""Carries a reload out: reads the settings, has the programs check what is theirs in the file, lets them count.

The supervisor does not know what stands in a program's table, so it asks the programs' checks, one after the other,
while everything serves and the loop goes on. If one of them fails, nothing changes. Whoever asks meanwhile has the
file read once more: it may have been edited since.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.config import diff as reloading
from supervisor.config.loading import load
from supervisor.config.settings import Settings
from supervisor.configfile import ConfigError
from supervisor.daemon.sd_notify import SystemdNotifier
from supervisor.lifecycle.model import Instant, Reason
from supervisor.locale import _, reasons
from supervisor.processes.checks import RELOAD, Checks, Result

#: with this a program says that it is the configuration that is to be mended
_EXIT_BAD_CONFIG: Final = 78


class Refusal(NamedTuple):
    """Why nothing has changed."""

    #: for programs
    code: str
    #: for people
    problem: str


Outcome = reloading.Changes | Refusal
Then = Callable[[Outcome], None]


class Reloader:
    """Reads the settings again whenever it is asked to, once at a time."""

    def __init__(
        self,
        config: Path,
        checks: Checks,
        voice: SystemdNotifier,
        apply: Callable[[Settings], reloading.Changes],
        note: Callable[[str, str], None],
        now: Callable[[], Instant],
    ) -> None:
        """`apply` lets settings count, `note` takes a level and a line for the log."""
        self._config = config
        self._checks = checks
        self._voice = voice
        self._apply = apply
        self._note = note
        self._now = now
        #: who is told what comes of the reading under way; None: there is none
        self._told: list[Then] | None = None
        #: who has asked since it began
        self._next: list[Then] = []
        #: what was read, and is being checked
        self._read: Settings | None = None
        #: programs whose checks are still to be run; the first one's runs
        self._left: list[str] = []
        #: when it has to have ended (`Instant.mono_s`)
        self._until_s: float | None = None

    def ask(self, then: Then) -> None:
        """Read the settings again, and call `then` with what comes of it."""
        self._next.append(then)
        if self._told is None:
            self._begin()

    @property
    def waiting(self) -> int:
        """How many have asked and wait for what comes of it."""
        return len(self._told or []) + len(self._next)

    def due_s(self) -> float | None:
        """Return when `look` has to be called although nothing happened (`Instant.mono_s`); None: never."""
        return self._until_s

    def look(self) -> None:
        """End a check that takes too long."""
        if self._until_s is None or self._now().mono_s < self._until_s:
            return
        assert self._read is not None
        name = self._left[0]
        self._checks.end(name, RELOAD)
        problem = Reason("check_timeout", {"time_s": self._read.programs[name].start_timeout_s})
        self._checked(Result(problem, None))

    def end(self) -> None:
        """Be done: the supervisor is leaving, and nothing counts any more."""
        if self._told is None:
            return
        if self._left:
            self._checks.end(self._left[0], RELOAD)
        self._told, self._next = [*self._told, *self._next], []
        self._over(Refusal("shutting_down", _("the supervisor is shutting down")))

    def _begin(self) -> None:
        self._told, self._next = self._next, []
        self._voice.reloading()
        self._read_again()

    def _read_again(self) -> None:
        """Read the file; if that is what has been checked, let it count, else have it checked."""
        try:
            read = load(self._config)
            if read == self._read:
                self._over(self._apply(read))
                return
        except ConfigError as error:
            self._over(Refusal("bad_config", str(error)))
            return
        self._read = read
        self._left = [name for name, program in reloading.enabled(read).items() if program.check]
        self._check_next()

    def _check_next(self) -> None:
        if not self._left:
            self._read_again()
            return
        assert self._read is not None
        program = self._read.programs[self._left[0]]
        self._until_s = self._now().mono_s + program.start_timeout_s
        self._checks.begin(self._left[0], program, RELOAD, self._checked)

    def _checked(self, result: Result) -> None:
        self._until_s = None
        name = self._left.pop(0)
        if result.problem is None:
            self._check_next()
            return
        code = "bad_config" if result.code == _EXIT_BAD_CONFIG else "check_failed"
        text = _("the check of %(program)s says: %(problem)s")
        self._over(Refusal(code, text % {"program": name, "problem": reasons.describe(result.problem)}))

    def _over(self, outcome: Outcome) -> None:
        """Say what came of it, to all; then it is the turn of those who have asked meanwhile."""
        told, self._told, self._read, self._left, self._until_s = self._told or [], None, None, [], None
        if isinstance(outcome, Refusal):
            self._note("error", _("not reloaded: %(problem)s") % {"problem": outcome.problem})
        else:
            self._note("info", reloading.words(outcome))
        self._voice.reloaded()
        for then in told:
            then(outcome)
        if self._next:
            self._begin()
