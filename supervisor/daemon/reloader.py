"""Applies the configuration: `ActiveSettings` holds what is in effect, `Reloader` reads the file again on request.

The supervisor does not know what a program reads from the file, so before a reload it runs the checks of the programs,
one after the other, while everything serves. If a check fails, nothing changes. The file may be edited while the checks
run, so the reloader reads it again afterwards and repeats the checks until it is stable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace

from supervisor import locale
from supervisor.client import EXIT_BAD_CONFIG
from supervisor.config import diff, timezone
from supervisor.config.loading import file_fingerprint, load
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Logs, Program, Settings
from supervisor.configfile import ConfigError
from supervisor.daemon.sd_notify import SystemdNotifier
from supervisor.lifecycle import events
from supervisor.lifecycle.model import Instant, ProgramState, Reason
from supervisor.locale import _, reasons
from supervisor.processes.checks import RELOAD, CheckResult, Checks

#: reloads that may wait at a time
MAX_WAITING: Final = 256


class ProgramHost(Protocol):
    """The runner, as far as settings concern it."""

    programs: dict[str, ProgramState]

    def post(self, name: str, event: events.Event) -> None:
        """Post an event to a program."""

    def add_program(self, name: str, program: Program) -> None:
        """Add a program that is new in the configuration."""

    def configure_logs(self, logs: Logs) -> None:
        """Put settings of logs into effect."""

    def schedule_start(self, names: Iterable[str]) -> None:
        """Start programs, each in its turn."""


class ActiveSettings:
    """The settings in effect, which may be older than the file."""

    def __init__(self, config: Path, paths: InstancePaths, settings: Settings, host: ProgramHost) -> None:
        """`settings` were read from `config`; `host` is told what changes."""
        self.current = settings
        self._config = config
        self._paths = paths
        self._host = host
        #: the file as it was read last; a restart puts only the part of one program into effect
        self._last_read = settings
        self._fingerprint = file_fingerprint(config)
        #: the file as it was read when the present life of each program was spawned
        self._at_spawn: dict[str, Settings] = {}

    def enabled(self) -> dict[str, Program]:
        """Return the enabled programs."""
        return diff.enabled(self.current)

    def is_outdated(self) -> bool:
        """Return whether the file has changed since it was read."""
        return file_fingerprint(self._config) != self._fingerprint

    def record_spawn(self, name: str) -> None:
        """Remember with which settings the present life of a program was spawned."""
        self._at_spawn[name] = self._last_read

    def with_flush_policies(self, state: ProgramState) -> ProgramState:
        """Return the state with the flush policies in effect."""
        cache = self.current.cache
        return replace(state, flush_on_restart=cache.flush_on_restart, flush_on_crash=cache.flush_on_crash)

    def apply(self, read: Settings, only: str | None = None) -> diff.Changes:
        """Put settings that were just read into effect, for all programs or for one.

        Returns what has changed. Raises ConfigError, and then nothing has changed.
        """
        new = read if only is None else self._merge_program(read, only)
        old = self.current
        changes = diff.compare(old, new, self._lives(), moved=self._is_moved(new))
        self.current, self._last_read, self._fingerprint = new, read, file_fingerprint(self._config)
        self._host.configure_logs(new.logs)
        if (old.language, old.timezone) != (new.language, new.timezone):
            locale.use(new.language)
            timezone.use(new.timezone)
        self._configure_programs(diff.enabled(old), diff.enabled(new))
        return changes

    def _configure_programs(self, old: dict[str, Program], new: dict[str, Program]) -> None:
        programs = self._host.programs
        for name, state in programs.items():
            if name not in new:
                self._host.post(name, events.Stop())
                continue
            state = self.with_flush_policies(replace(state, settings=new[name]))
            self._host.post(name, events.Configured(state.settings, state.flush_on_restart, state.flush_on_crash))
        for name in new:
            if name not in programs:
                self._host.add_program(name, new[name])
        # programs start in the order of the file
        for name in [*new, *(name for name in list(programs) if name not in new)]:
            programs[name] = programs.pop(name)
        self._host.schedule_start(name for name in new if name not in old)

    def _lives(self) -> dict[str, Settings]:
        programs = self._host.programs
        return {name: self._at_spawn[name] for name in programs if programs[name].child and name in self._at_spawn}

    def _is_moved(self, new: Settings) -> bool:
        return os.path.realpath(self._config.parent / new.supervisor.state_dir) != str(self._paths.state_dir)

    def _merge_program(self, read: Settings, name: str) -> Settings:
        """Return the settings in effect, with the table of one program and the cache table from `read`."""
        program = read.programs.get(name)
        if program is None or not program.enabled:
            text = _("%(path)s: [programs.%(name)s] is missing or disabled")
            raise ConfigError(text % {"path": self._config, "name": name})
        return replace(self.current, cache=read.cache, programs={**self.current.programs, name: program})


class Refusal(NamedTuple):
    """Why a reload has changed nothing."""

    #: `bad_config`, `check_failed` or `shutting_down`
    code: str
    #: a sentence for people
    problem: str


Outcome = diff.Changes | Refusal
Then = Callable[[Outcome], None]


class Reloader:
    """Runs one reload at a time. A timer of the event loop."""

    def __init__(
        self,
        config: Path,
        settings: ActiveSettings,
        checks: Checks,
        notifier: SystemdNotifier,
        log: Callable[[str, str], None],
        now: Callable[[], Instant],
    ) -> None:
        """`log` takes a level and a line."""
        self._config = config
        self._settings = settings
        self._checks = checks
        self._notifier = notifier
        self._log = log
        self._now = now
        #: who waits for the running reload; None when none runs
        self._waiting: list[Then] | None = None
        #: who has requested one since
        self._next: list[Then] = []
        #: the settings that are being checked
        self._read: Settings | None = None
        #: programs whose checks have not ended; that of the first one runs
        self._unchecked: list[str] = []
        self._check_deadline_s: float | None = None

    def request(self, then: Then) -> None:
        """Reload, and call `then` with the outcome."""
        self._next.append(then)
        if self._waiting is None:
            self._begin()

    @property
    def waiting(self) -> int:
        """The number of requests without an outcome."""
        return len(self._waiting or []) + len(self._next)

    def next_deadline(self) -> float | None:
        """Return when the running check times out; see `Timer`."""
        return self._check_deadline_s

    def run_due(self) -> None:
        """Kill a check that takes too long."""
        if self._check_deadline_s is None or self._now().mono_s < self._check_deadline_s:
            return
        assert self._read is not None
        name = self._unchecked[0]
        self._checks.kill(name, RELOAD)
        timeout_s = self._read.programs[name].start_timeout_s
        self._on_checked(CheckResult(Reason("check_timeout", {"time_s": timeout_s}), None))

    def cancel(self) -> None:
        """Refuse all reloads because the supervisor shuts down."""
        if self._waiting is None:
            return
        if self._unchecked:
            self._checks.kill(self._unchecked[0], RELOAD)
        self._waiting, self._next = [*self._waiting, *self._next], []
        self._finish(Refusal("shutting_down", _("the supervisor is shutting down")))

    def _begin(self) -> None:
        self._waiting, self._next = self._next, []
        self._notifier.begin_reload()
        self._read_file()

    def _read_file(self) -> None:
        """Read the file; apply it if it is the one that was checked, otherwise check it."""
        try:
            read = load(self._config)
            if read == self._read:
                self._finish(self._settings.apply(read))
                return
        except ConfigError as error:
            self._finish(Refusal("bad_config", str(error)))
            return
        self._read = read
        self._unchecked = list(diff.enabled(read))
        self._check_next()

    def _check_next(self) -> None:
        assert self._read is not None
        while self._unchecked:
            name = self._unchecked[0]
            program = self._read.programs[name]
            self._check_deadline_s = self._now().mono_s + program.start_timeout_s
            if (result := self._checks.start(name, program, RELOAD, self._on_checked)) is None:
                return
            if not self._accept(result):
                return
        self._read_file()

    def _on_checked(self, result: CheckResult) -> None:
        if self._accept(result):
            self._check_next()

    def _accept(self, result: CheckResult) -> bool:
        """Return whether the check passed; if not, the reload has ended."""
        self._check_deadline_s = None
        name = self._unchecked.pop(0)
        if result.problem is None:
            return True
        code = "bad_config" if result.code == EXIT_BAD_CONFIG else "check_failed"
        text = _("check of %(program)s failed: %(problem)s")
        self._finish(Refusal(code, text % {"program": name, "problem": reasons.describe(result.problem)}))
        return False

    def _finish(self, outcome: Outcome) -> None:
        """Report the outcome to all who wait, and begin the next reload if one was requested."""
        waiting, self._waiting = self._waiting or [], None
        self._read, self._unchecked, self._check_deadline_s = None, [], None
        if isinstance(outcome, Refusal):
            self._log("error", _("configuration: not reloaded (%(problem)s)") % {"problem": outcome.problem})
        else:
            self._log("info", diff.describe(outcome))
        self._notifier.end_reload()
        for then in waiting:
            then(outcome)
        if self._next:
            self._begin()
