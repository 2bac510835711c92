"""Carries out what the machine decides: processes, cache directories, checks before restarts. Decides nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from supervisor.config import timezone
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle import effects, events
from supervisor.lifecycle.events import Event
from supervisor.lifecycle.model import ProcessId, ProgramState, Reason
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text
from supervisor.logs.program_logs import ProgramLogs
from supervisor.processes import checks, process
from supervisor.processes.checks import Checks
from supervisor.storage import cache_dirs as cache

#: not handed on: the supervisor's own talk with systemd, and what an outer life was told
_HIDDEN: Final = frozenset(
    {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "JOURNAL_STREAM"}
)


#: what keeps a process from being started until somebody mends the configuration, or what it names
_OURS_TO_MEND: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ENOEXEC, errno.ELOOP, errno.EINVAL})


class EffectExecutor:
    """Does things to the world, and posts what comes of them."""

    def __init__(
        self,
        place: InstancePaths,
        config: Path,
        logs: ProgramLogs,
        post: Callable[[str, Event], None],
        note: Callable[[str, str], None],
    ) -> None:
        """`post` takes a program's name and an event, `note` a level and a line for the log."""
        self._place = place
        self._config = config
        self._logs = logs
        self._post = post
        self._note = note
        self.checks = Checks(place, self._environ, self._cwd, _cannot_start)
        #: processes that delete old caches
        self._sweeps: set[int] = set()

    def spawn(self, known: ProgramState) -> None:
        """Start the present life's process; posts Spawned or SpawnFailed."""
        output = self._logs.begin(known)
        temp, perm = self._cache_dirs(known)
        environ = {
            **self._environ(known.settings),
            **self.marks(known),
            "STOCKSUP_CACHE_DIR": str(temp),
            "STOCKSUP_CACHE_PERM_DIR": str(perm),
            **self._logs.told(output),
        }
        try:
            pid = self._spawn(known, environ, output)
        except OSError as error:
            problem = _cannot_start(known.name, known.settings.command, error)
            self._post(
                known.name, events.SpawnFailed(known.life.number, problem, permanent=error.errno in _OURS_TO_MEND)
            )
            return
        # no process with this pid can be gone before it was reaped, which is done here alone
        child = process.identify(pid) or ProcessId(pid, 0, process.boot_id())
        self._post(known.name, events.Spawned(known.life.number, child))

    def _spawn(self, known: ProgramState, environ: dict[str, str], output: Path) -> int:
        """Start the process; one whose log cannot be opened serves without. Raises OSError."""
        words, cwd = known.settings.command, self._cwd(known.settings)
        try:
            return process.spawn(words, environ, cwd, output)
        except OSError as error:
            if error.filename != str(output):
                raise
            text = _("%(program)s: cannot write %(path)s: %(why)s; it runs without a log")
            self._note("error", text % _facts(known.name, error))
        return process.spawn(words, environ, cwd, Path(os.devnull))

    def run_check(self, known: ProgramState) -> None:
        """Start the program's check before a restart; its end posts Checked."""
        name, life = known.name, known.life.number
        self.checks.begin(
            name,
            known.settings,
            checks.RESTART,
            lambda result: self._post(name, events.CheckFinished(life, result.problem)),
        )

    def flush(self, name: str, effect: effects.Flush) -> None:
        """Switch the cache; posts Flushed. What was thrown away is deleted in the background."""
        problem = None
        try:
            cache.switch(self._place.cache_of(name), effect.life, effect.policy)
        except OSError as error:
            problem = Reason("os_error", {"path": str(error.filename), "os_error": error.strerror or str(error)})
        self._post(name, events.Flushed(effect.life, problem))

    def clear(self, known: ProgramState, what: str) -> str | None:
        """Empty the cache of a program that does not run, "temporary" or "all"; return why it could not be done."""
        problem = None
        try:
            cache.clear(self._place.cache_of(known.name), what)
        except OSError as error:
            problem = _("%(program)s: cannot empty %(path)s: %(why)s") % _facts(known.name, error)
            self._note("error", problem)
        self.sweep(known.name)
        return problem

    def sweep(self, name: str) -> None:
        """Delete what was thrown away of the cache of `name`, by a process beside: it may take its time."""
        output = self._place.supervisor_log
        try:
            paths = cache.thrown_away(self._place.cache_of(name))
            if paths:
                command = ["rm", "-rf", "--", *map(str, paths)]
                self._sweeps.add(process.spawn(command, os.environ, self._place.state_dir, output))
        except OSError as error:
            text = _("%(program)s: cannot delete the old cache: %(why)s (%(path)s)")
            self._note("warning", text % _facts(name, error))

    def take_sweep(self, pid: int) -> bool:
        """Return whether `pid` was one that deletes."""
        found = pid in self._sweeps
        self._sweeps.discard(pid)
        return found

    def await_sweeps(self) -> None:
        """Wait until all is deleted."""
        for pid in self._sweeps:
            os.waitpid(pid, 0)

    def kill(self, known: ProgramState, child: ProcessId) -> None:
        """Kill the whole tree of the life."""
        process.kill_tree(child, self.marks(known))

    def bury(self, known: ProgramState, code: int | None, signal_name: str | None) -> ProcessId | None:
        """After the end of a life, or of what it left behind: kill the rest, and write its end into its log.

        Returns what could not be killed yet.
        """
        assert known.child is not None
        left = self._kill_remains(known, known.child.pid)
        how = signal_name or ("exit unknown" if code is None else f"exit {code}")
        if known.last_exit is None or known.last_exit.life != known.life.number:
            self._logs.mark(known, f"ended: {how}")
        return left

    def bury_unseen(self, known: ProgramState) -> ProcessId | None:
        """Kill what a life left behind that ended while nobody watched: its pid may be somebody else's by now.

        Returns what could not be killed yet.
        """
        return self._kill_remains(known, process.NOBODY)

    def _kill_remains(self, known: ProgramState, leader: int) -> ProcessId | None:
        killed = process.kill_remains(leader, self.marks(known))
        if not killed:
            return None
        text = _("%(program)s: life %(life)d left processes behind; killed %(pids)s")
        self._note("warning", text % {"program": known.name, "life": known.life.number, "pids": killed})
        return process.one_left(leader, self.marks(known))

    def marks(self, known: ProgramState) -> dict[str, str]:
        """Return the part of the environment by which everything that a life started can be found."""
        return {**self.marks_of_program(known.name), "STOCKSUP_LIFE": str(known.life.number)}

    def marks_of_program(self, name: str) -> dict[str, str]:
        """Return the same for all lives of the program."""
        return {"STOCKSUP_SOCKET": str(self._place.socket), "STOCKSUP_PROGRAM": name}

    def _environ(self, program: Program) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in timezone.without(os.environ).items()
            if name not in _HIDDEN and not name.startswith("STOCKSUP_CACHE") and name not in self._own_marks()
        }
        return {**inherited, "STOCKSUP_CONFIG": str(self._config), **program.env}

    def _own_marks(self) -> frozenset[str]:
        return frozenset(
            {"STOCKSUP_SOCKET", "STOCKSUP_PROGRAM", "STOCKSUP_LIFE", "STOCKSUP_LOG_FILE", "STOCKSUP_LOG_FORMAT",
             "STOCKSUP_JOURNAL", "STOCKSUP_CHECK"}
        )  # fmt: skip

    def _cwd(self, program: Program) -> Path:
        return self._config.parent / program.cwd

    def _cache_dirs(self, known: ProgramState) -> tuple[Path, Path]:
        root, life = self._place.cache_of(known.name), known.life.number
        if not known.settings.flush_cache:  # whatever it keeps there is its own business
            return cache.temp_dir(root, 0), cache.perm_dir(root)
        try:
            return cache.prepare(root, life)
        except OSError as error:
            text = _("%(program)s: cannot make %(path)s: %(why)s; it runs without a cache")
            self._note("error", text % _facts(known.name, error))
            return cache.temp_dir(root, life), cache.perm_dir(root)


def _cannot_start(name: str, command: tuple[str, ...], error: OSError) -> Reason:
    os_error = error.strerror or str(error)
    params = {"command": command[0], "os_error": os_error, "path": str(error.filename), "program": name}
    return Reason("cannot_start", params)


def _facts(program: str, error: OSError) -> dict[str, object]:
    return {"program": program, "path": error.filename, "why": os_error_text(error)}
