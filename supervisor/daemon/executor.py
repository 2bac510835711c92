"""Performs effects: spawns, signals and kills processes, flushes caches, runs checks. Decides nothing."""

from __future__ import annotations

import errno
import os
import selectors
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program
from supervisor.lifecycle import effects, events
from supervisor.lifecycle.effects import Effect
from supervisor.lifecycle.events import Event
from supervisor.lifecycle.model import ProcessId, ProgramState, Reason
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text
from supervisor.logs.program_logs import ProgramLogs
from supervisor.processes import checks, commands, environment, listeners, memory, process, procfs
from supervisor.processes.checks import Checks
from supervisor.processes.failure_hooks import FailureHooks
from supervisor.processes.listeners import CannotListen, Listeners
from supervisor.storage import cache_dirs as cache

#: how long a supervisor that exits waits for its helpers, which complete their work without it, and how often it looks
HELPERS_TIMEOUT_S: Final = 10.0
HELPERS_PAUSE_S: Final = 0.005

#: errors of a start that last until somebody changes the configuration or the file system
_PERMANENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ENOEXEC, errno.ELOOP, errno.EINVAL})


class EffectExecutor:
    """Performs the effects of the state machine that concern processes and directories."""

    def __init__(
        self,
        paths: InstancePaths,
        config: Path,
        logs: ProgramLogs,
        selector: selectors.BaseSelector,
        post: Callable[[str, Event], None],
        log: Callable[[str, str], None],
        now_s: Callable[[], float],
    ) -> None:
        """`selector` and `now_s`: of the event loop; `post` an event to a program; `log` a line with a level."""
        self._paths = paths
        self._config = config
        self._logs = logs
        self._post = post
        self._log = log
        self.listeners = Listeners(log)
        self.checks = Checks(paths, selector, self._environ, self._cwd, _spawn_error, self.listeners)
        self.failure_hooks = FailureHooks(paths, selector, self._environ, self._cwd, log, now_s)
        #: processes that delete old caches and rotate logs, by pid: what is called with their exit code
        self._helpers: dict[int, Callable[[int], None]] = {}

    def execute(self, state: ProgramState, effect: Effect) -> Event | None:
        """Perform an effect; return the event that results from it at once, if any."""
        match effect:
            case effects.RunCheck():
                return self._run_check(state)
            case effects.StopCheck():
                self.checks.kill(state.name, checks.RESTART)
            case effects.Terminate():
                process.terminate(effect.child)
            case effects.RequestTraceback():
                process.request_traceback(effect.child)
            case effects.Kill():
                process.kill_tree(effect.child, self._env_markers(state.name, effect.life))
            case effects.Flush():
                return self._flush(state.name, effect)
            case effects.RunOnFailed():
                self.failure_hooks.start(state.name, state.settings, effect.life, effect.reason, effect.ticket)
            case effects.Spawn(number):
                self.failure_hooks.kill_outdated(state.name)
                return self._spawn(state, number)
            case effects.SpawnPrepared(number):
                return self._cannot_prepare(state, number) or self._spawn(state, number, is_prepared=True)
        return None

    # --- processes ---

    def _spawn(self, state: ProgramState, number: int, *, is_prepared: bool = False) -> Event:
        """Start the process of life `number`; a prepared one gets its cache directories when it is to serve."""
        try:
            sockets = self.listeners.open(state.name, state.settings.listen, is_shared=is_prepared)
        except CannotListen as error:
            return events.SpawnFailed(number, error.reason)
        output = self._logs.begin_beside(state, number) if is_prepared else self._logs.begin_life(state)
        role = {"STOCKSUP_ROLE": "prepared"} if is_prepared else self._cache_environ(state, number)
        environ = {
            **self._environ(state.name, state.settings),
            **self._env_markers(state.name, number),
            **role,
            **self._logs.environ(output),
            **listeners.environ(state.name, len(sockets)),
        }
        words = (state.name, state.settings.command, environ, self._cwd(state.settings))
        if sockets and (problem := commands.find_problem(*words)) is not None:
            # the process that passes the sockets could only exit
            return events.SpawnFailed(number, problem, permanent=True)
        try:
            pid = self._spawn_with_output(state, environ, output, sockets)
        except OSError as error:
            # the cause in more words, if the system's are too few
            problem = commands.find_problem(*words) or _spawn_error(state.name, state.settings.command, error)
            return events.SpawnFailed(number, problem, permanent=error.errno in _PERMANENT)
        if is_prepared:
            memory.prefer_to_kill(pid)
        # the pid stays valid until the process is reaped, which only the runner does
        return events.Spawned(number, procfs.identify(pid) or ProcessId(pid, 0, procfs.boot_id()))

    def _cannot_prepare(self, state: ProgramState, number: int) -> Event | None:
        """Return the event that the machine lacks the memory for a second process; None if it has it."""
        used_bytes = procfs.rss_bytes(state.child.pid) if state.child else None
        problem = memory.find_problem(used_bytes, memory.free_bytes())
        return None if problem is None else events.CannotPrepare(number, problem)

    def begin_service(self, state: ProgramState, effect: effects.Serve) -> tuple[Path, Path]:
        """Return the cache directories of a life that is to serve, and end its preference in a lack of memory."""
        memory.restore_preference(effect.child.pid)
        return self._make_cache_dirs(state, effect.life)

    def _spawn_with_output(
        self, state: ProgramState, environ: dict[str, str], output: Path, sockets: Sequence[int]
    ) -> int:
        """Start the process, without a log if the log cannot be opened. Raises OSError."""
        command, cwd = state.settings.command, self._cwd(state.settings)
        try:
            return process.spawn(command, environ, cwd, output, sockets)
        except OSError as error:
            if error.filename != str(output):
                raise
            text = _("%(program)s: cannot write %(path)s: %(why)s; starting without a log")
            self._log("error", text % _params(state.name, error))
        return process.spawn(command, environ, cwd, None, sockets)

    def _run_check(self, state: ProgramState) -> Event | None:
        name, life = state.name, state.life.number
        result = self.checks.start(
            name,
            state.settings,
            checks.RESTART,
            lambda result: self._post(name, events.CheckFinished(life, *result)),
        )
        return None if result is None else events.CheckFinished(life, *result)

    def reap_tree(
        self, state: ProgramState, number: int, child: ProcessId, code: int | None, signal_name: str | None
    ) -> ProcessId | None:
        """After the exit of life `number`, kill its descendants and write the exit to its log.

        Returns a descendant that could not be killed yet.
        """
        survivor = self._kill_descendants(state.name, number, child.pid)
        exit_text = signal_name or ("exit unknown" if code is None else f"exit {code}")
        if state.last_exit is None or state.last_exit.life != number:
            self._logs.write_marker(state.name, number, f"ended: {exit_text}")
        return survivor

    def reap_tree_unseen(self, name: str, number: int) -> ProcessId | None:
        """Kill the descendants of a life that exited without a supervisor: its pid may belong to another process.

        Returns a descendant that could not be killed yet.
        """
        return self._kill_descendants(name, number, process.NO_PID)

    def _kill_descendants(self, name: str, number: int, leader: int) -> ProcessId | None:
        markers = self._env_markers(name, number)
        killed = process.kill_descendants(leader, markers)
        if not killed:
            return None
        text = _("%(program)s: process %(life)d left child processes (killed: %(pids)s)")
        self._log("warning", text % {"program": name, "life": number, "pids": killed})
        return process.first_descendant(leader, markers)

    def find_lives(self, name: str) -> dict[int, ProcessId]:
        """Return the processes of the running lives of a program, by number."""
        return {life.number: life.process for life in process.list_lives(self._program_markers(name))}

    def used_number(self, state: ProgramState) -> int:
        """Return the highest number of a life that has had a cache; 0 without one."""
        number = cache.used_number(self._paths.cache_of(state.name))
        # the cache that a flush keeps is prepared before its life begins
        keeps_cache = {state.flush_on_restart, state.flush_on_crash} & {"expired", "none"}
        return number - 1 if keeps_cache and number == state.life.number + 1 else number

    def on_exit(self, pid: int, code: int | None, signal_name: str | None) -> bool:
        """Return whether the exited process was a check, a command `on_failed` or a helper."""
        if (then := self._helpers.pop(pid, None)) is not None:
            then(-1 if code is None else code)
            return True
        return self.checks.on_exit(pid, code, signal_name) or self.failure_hooks.on_exit(pid, code, signal_name)

    # --- caches ---

    def _flush(self, name: str, effect: effects.Flush) -> Event:
        problem = None
        try:
            cache.rotate(self._paths.cache_of(name), effect.life, effect.next_life, effect.policy)
        except OSError as error:
            problem = Reason("os_error", {"path": str(error.filename), "os_error": error.strerror or str(error)})
        return events.Flushed(effect.life, problem)

    def clear_cache(self, name: str, scope: str) -> str | None:
        """Clear the cache of a program that does not run, "temporary" or "all"; return the problem, if any."""
        problem = None
        try:
            cache.clear(self._paths.cache_of(name), scope)
        except OSError as error:
            problem = _("%(program)s: cannot clear %(path)s: %(why)s") % _params(name, error)
            self._log("error", problem)
        self.delete_trash(name)
        return problem

    def delete_trash(self, name: str) -> None:
        """Delete flushed caches of a program, in a process of its own because that may take long."""
        try:
            paths = cache.trash_entries(self._paths.cache_of(name))
            if paths:
                self.start_helper(["rm", "-rf", "--", *map(str, paths)], lambda code: None)
        except OSError as error:
            text = _("%(program)s: cannot delete the old cache: %(why)s (%(path)s)")
            self._log("warning", text % _params(name, error))

    def start_helper(self, command: list[str], then: Callable[[int], None]) -> None:
        """Start a process that does some work for the supervisor. Its errors go to the log of the supervisor.

        `then` is called with its exit code, or with -1 if a signal ended it. Raises OSError.
        """
        environ = environment.of_helper(os.environ)
        pid = process.spawn(command, environ, self._paths.state_dir, self._paths.supervisor_log)
        self._helpers[pid] = then

    def wait_for_helpers(self) -> None:
        """Wait until flushed caches are deleted and logs rotated, but not for a disk that hangs."""
        deadline_s = time.monotonic() + HELPERS_TIMEOUT_S
        for pid in self._helpers:
            while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < deadline_s:
                time.sleep(HELPERS_PAUSE_S)

    def _cache_environ(self, state: ProgramState, number: int) -> dict[str, str]:
        temp, perm = self._make_cache_dirs(state, number)
        return {"STOCKSUP_CACHE_DIR": str(temp), "STOCKSUP_CACHE_PERM_DIR": str(perm)}

    def _make_cache_dirs(self, state: ProgramState, life: int) -> tuple[Path, Path]:
        root = self._paths.cache_of(state.name)
        if not state.settings.flush_cache:  # the supervisor does not manage the cache of this program
            return cache.temp_dir(root, 0), cache.perm_dir(root)
        try:
            return cache.prepare(root, life)
        except OSError as error:
            text = _("%(program)s: cannot create %(path)s: %(why)s; starting without a cache")
            self._log("error", text % _params(state.name, error))
            return cache.temp_dir(root, life), cache.perm_dir(root)

    # --- environment ---

    def _env_markers(self, name: str, life: int) -> dict[str, str]:
        """Return the environment variables that identify all processes of a life."""
        return {**self._program_markers(name), "STOCKSUP_LIFE": str(life)}

    def _program_markers(self, name: str) -> dict[str, str]:
        return {"STOCKSUP_SOCKET": str(self._paths.socket), "STOCKSUP_PROGRAM": name}

    def _environ(self, name: str, program: Program) -> dict[str, str]:
        return environment.of_program(name, program, self._config, os.environ)

    def _cwd(self, program: Program) -> Path:
        return self._config.parent / program.cwd


def _spawn_error(name: str, command: tuple[str, ...], error: OSError) -> Reason:
    os_error = error.strerror or str(error)
    params = {"command": command[0], "os_error": os_error, "path": str(error.filename), "program": name}
    return Reason("cannot_start", params)


def _params(program: str, error: OSError) -> dict[str, object]:
    return {"program": program, "path": error.filename, "why": os_error_text(error)}
