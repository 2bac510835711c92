"""Starts the supervisor: reads its options and the configuration, locks the state directory, recovers the programs.

Recovering: the journal is read, and the processes that still run are adopted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervisor import locale
from supervisor.client import EXIT_BAD_CONFIG, EXIT_FAILED
from supervisor.config import timezone
from supervisor.config.loading import load
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import BOT, Program, Settings, Supervisor
from supervisor.configfile import ConfigError, find_config, language_of
from supervisor.daemon import requests, sd_notify
from supervisor.daemon.clock import Clock
from supervisor.daemon.reexec import inheritance
from supervisor.daemon.reexec.hook import LISTEN_FDS, LOCK_FD, SETTINGS_FD, SOCKET_FD, UPGRADED, ReexecHook
from supervisor.daemon.runner import Runner
from supervisor.lifecycle import adoption, events
from supervisor.lifecycle.model import DesiredState, ProgramState
from supervisor.locale import _
from supervisor.locale.third_party import os_error_remedy, os_error_text
from supervisor.logs import stderr
from supervisor.logs.printable import make_printable
from supervisor.logs.writer import SupervisorLog
from supervisor.processes import process, procfs
from supervisor.storage import state_dir

#: how often to try a lock whose owner is not known, and the pause between two attempts in seconds: the owner may not
#: have written its pid yet, or it was killed, and a process that it was starting holds the lock until it executes
LOCK_ATTEMPTS: Final = 50
LOCK_PAUSE_S: Final = 0.02


@dataclass(frozen=True)
class Arguments:
    """The command line."""

    #: the configuration file
    config: Path | None
    #: descriptor for one line of JSON, written when the control socket listens or the start has failed
    report_fd: int | None
    #: do not start programs that an operator had stopped
    keep_desired: bool
    #: start nothing: adopt the programs that run, stop them, and exit
    stop_orphans: bool
    #: the state directory, for when the configuration cannot be read
    state_dir: Path | None
    #: descriptors that the image before has handed over, see `reexec.inheritance`
    lock_fd: int | None
    socket_fd: int | None
    settings_fd: int | None
    #: the sockets of programs that the image before has handed over, see `processes.listeners`
    listen_fds: str | None
    #: what the image before an upgrade tells this one, see `reexec.upgrader`
    upgraded: str | None


class StartupError(Exception):
    """The supervisor cannot start: one message with place, cause and remedy."""


class AlreadyRunning(StartupError):
    """Another supervisor owns the state directory."""


def run(options: Mapping[str, str], hook: ReexecHook) -> int:
    """Run the supervisor; return its exit code.

    Args:
        options: the command line, by option.
        hook: re-executes this process after an unexpected exception.
    """
    arguments = _parse(options)
    os.umask(0o077)
    locale.use(language_of(arguments.config))
    sys.excepthook = hook
    try:
        runner = _open(arguments, hook)
    except ConfigError as error:
        if hook.reexec_count:
            raise  # the programs run; a later attempt finds the file corrected
        return _fail(arguments.report_fd, EXIT_BAD_CONFIG, str(error))
    except StartupError as error:
        if hook.reexec_count and not isinstance(error, AlreadyRunning):
            raise  # it could start before, so a later attempt can succeed
        return _fail(arguments.report_fd, EXIT_FAILED, str(error))
    if arguments.listen_fds is not None:
        runner.executor.listeners.take_over(arguments.listen_fds)
    hook.log, hook.hand_over, runner.upgrader.execute = runner.log.write, runner.hand_over, hook.execute
    text = _("supervisor: listening on %(socket)s (PID %(pid)d)")
    runner.log.write("info", text % {"pid": os.getpid(), "socket": runner.paths.socket})
    if arguments.report_fd is not None:
        _report(arguments.report_fd, {"ok": True, "pid": os.getpid()})
    if hook.reexec_count:
        runner.serve_first(hook.delay_s)
    hook.has_waited = True
    stop_orphans = arguments.stop_orphans or runner.leaving
    recover(runner, keep_desired=arguments.keep_desired, stop_orphans=stop_orphans)
    # in the foreground no command waits for the programs, and a service would seem to run
    runner.ends_on_bad_config = (
        arguments.report_fd is None and not hook.reexec_count and not has_running_program(runner)
    )
    if arguments.upgraded is not None:
        runner.upgrader.finish(arguments.upgraded)
    if stop_orphans:
        runner.shut_down(_("started to stop all programs"))
    try:
        runner.run()
    except state_dir.StateDirLocked:
        # the programs belong to the other supervisor now
        text = _("supervisor: exiting (another one has taken over %(path)s)")
        runner.log.write("critical", text % {"path": runner.paths.state_dir})
        return EXIT_FAILED
    return runner.exit_code


def _parse(options: Mapping[str, str]) -> Arguments:
    def descriptor(name: str) -> int | None:
        return int(options[name]) if name in options else None

    return Arguments(
        config=Path(options["--config"]) if "--config" in options else None,
        report_fd=descriptor("--report-fd"),
        keep_desired=options.get("--keep-desired") == "yes",
        stop_orphans=options.get("--stop-orphans") == "yes",
        state_dir=Path(options["--state-dir"]) if "--state-dir" in options else None,
        lock_fd=descriptor(LOCK_FD),
        socket_fd=descriptor(SOCKET_FD),
        settings_fd=descriptor(SETTINGS_FD),
        listen_fds=options.get(LISTEN_FDS),
        upgraded=options.get(UPGRADED),
    )


def _open(arguments: Arguments, hook: ReexecHook) -> Runner:
    path, settings, problem = _load(arguments)
    # from here on these are in use, and an image after a failure opens them again
    for fd in (arguments.lock_fd, arguments.socket_fd):
        if fd is not None:
            os.set_inheritable(fd, False)
    kept = {LISTEN_FDS: arguments.listen_fds, UPGRADED: arguments.upgraded}
    hook.hand_over = lambda: {name: value for name, value in kept.items() if value is not None}
    locale.use(settings.language)  # the file may not tell it any more
    timezone.use(settings.timezone)
    # resolved: lives are recognized by the path of the socket in their environment
    paths = InstancePaths(Path(os.path.realpath(path.parent / settings.supervisor.state_dir)))
    try:
        state_dir.make(paths)
        lock_fd = _lock(paths, arguments.lock_fd)
        _check_state_dir_unchanged(path, paths)
        log = SupervisorLog(paths.supervisor_log, settings.logs, to_journal=stderr.is_journal(os.environ))
        if problem is not None:
            log.write("error", _("configuration: not read again (%(problem)s)") % {"problem": problem})
        return Runner(
            path, paths, settings, log, requests.handle, sd_notify.take_socket(os.environ), lock_fd,
            arguments.socket_fd, Clock(),
        )  # fmt: skip
    except OSError as error:
        text = _(
            "cannot use %(path)s: %(why)s; %(remedy)s, or set another directory as [supervisor] state_dir in %(config)s"
        )
        params = {"path": error.filename or paths.state_dir, "why": os_error_text(error), "config": path}
        raise StartupError(text % {**params, "remedy": os_error_remedy(error)}) from error


def _load(arguments: Arguments) -> tuple[Path, Settings, ConfigError | None]:
    """Return the configuration file and its settings. Raises ConfigError.

    After a re-exec a file that is not valid any more changes nothing: the settings are those of the image before, and
    the third value is the problem. To stop programs, no valid file is needed either.
    """
    inherited = None if arguments.settings_fd is None else inheritance.take_settings(arguments.settings_fd)
    try:
        path = find_config(arguments.config)
        return path, load(path), None
    except ConfigError as error:
        if inherited is None and arguments.state_dir is not None:
            inherited = Settings(supervisor=Supervisor(str(arguments.state_dir)), programs={"bot": BOT})
        if inherited is None or arguments.config is None:
            raise
        return arguments.config, inherited, error


def _check_state_dir_unchanged(config: Path, paths: InstancePaths) -> None:
    """Raise StartupError if programs of this configuration run with another state directory."""
    socket = process.find_env_value({"STOCKSUP_CONFIG": str(config)}, "STOCKSUP_SOCKET", other_than=str(paths.socket))
    if socket is not None:
        text = _(
            "programs of %(config)s are running with the state directory %(other)s; set [supervisor] state_dir back to "
            "it and run `stocksup stop` before you change it"
        )
        raise StartupError(text % {"config": config, "other": Path(socket).parent})


def _lock(paths: InstancePaths, inherited_fd: int | None = None) -> int:
    """Lock the state directory for this supervisor; return the descriptor of the lock.

    `inherited_fd` is that of a lock that this process has held since before a re-exec.
    """
    if inherited_fd is not None:
        if state_dir.is_lock(paths, inherited_fd):
            return inherited_fd
        os.close(inherited_fd)
    pid = None
    for _attempt in range(LOCK_ATTEMPTS):
        try:
            return state_dir.lock(paths)
        except state_dir.StateDirLocked as error:
            pid = _read_owner(error.args[0])
            os.close(error.args[0])
        if pid is not None:
            break
        time.sleep(LOCK_PAUSE_S)
    text = _(
        "supervisor %(pid)s is already running in %(state_dir)s; see `stocksup status`, or stop it with `stocksup stop`"
    )
    raise AlreadyRunning(text % {"pid": pid or _("unknown"), "state_dir": paths.state_dir})


def _read_owner(fd: int) -> str | None:
    """Return the pid in the lock file; None if it is not that of a running process, but of an earlier supervisor."""
    pid = os.pread(fd, 32, 0).decode(errors="replace").strip()
    return pid if pid.isascii() and pid.isdigit() and procfs.identify(int(pid)) is not None else None


def _fail(report_fd: int | None, code: int, message: str) -> int:
    if report_fd is None:
        sys.stderr.write(f"stocksup: {make_printable(message)}\n")
    else:
        _report(report_fd, {"ok": False, "code": code, "message": message})
    return code


def _report(fd: int, message: dict[str, object]) -> None:
    with suppress(BrokenPipeError):  # the parent did not wait
        os.write(fd, json.dumps(message).encode() + b"\n")
    os.close(fd)


# --- the programs ---


def recover(runner: Runner, *, keep_desired: bool, stop_orphans: bool) -> None:
    """Take over all programs and schedule their start.

    Args:
        runner: the runner, without programs.
        keep_desired: do not start the programs that the operator had stopped.
        stop_orphans: the supervisor was started only to stop the programs that still run.
    """
    journal = runner.persistence.journal
    if journal.broken_lines:
        text = _("%(path)s: broken lines ignored: %(count)d")
        runner.log.write("warning", text % {"path": runner.paths.journal, "count": journal.broken_lines})
    enabled = runner.settings.enabled()
    for name in dict.fromkeys([*enabled, *journal.names()]):
        state = _find_state(runner, name, enabled.get(name) or Program())
        if name not in enabled and state.child is None and state.standby is None:
            continue
        if stop_orphans and not (state.child and procfs.is_alive(state.child)):
            # before anything could follow from its exit; the programs that run are stopped in their turn
            runner.post(name, events.Stop())
        runner.adopt(state)
        if name not in enabled:
            runner.post(name, events.Stop())
        elif not keep_desired or state.desired is DesiredState.UP or state.life.number == 0:
            start = adoption.start_event(state, runner.now(), is_service=runner.notifier.is_service)
            runner.schedule_start([name], start)


def has_running_program(runner: Runner) -> bool:
    """Return whether a program was already running when the supervisor started."""
    return any(state.child is not None and procfs.is_alive(state.child) for state in runner.programs.values())


def _find_state(runner: Runner, name: str, program: Program) -> ProgramState:
    """Return the state of a program from the journal and from the processes that run."""
    state = runner.settings.with_flush_policies(runner.persistence.journal.load(name, program))
    used_number = max(
        runner.persistence.journal.used_number(name),
        runner.persistence.history.used_number(name),
        runner.executor.used_number(state),
    )
    state = adoption.with_running_processes(state, runner.executor.find_lives(name), procfs.is_alive, used_number)
    runner.executor.checks.kill_orphans(name)
    return state
