"""Holds the programs: passes each event to the state machine and performs the effects. Decides nothing itself."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from supervisor.alerts.dispatcher import AlertDispatcher
from supervisor.client import EXIT_BAD_CONFIG
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Logs, Program, Settings
from supervisor.control import protocol, views
from supervisor.control.connection import ClientConnection
from supervisor.control.lives import Lives
from supervisor.control.server import ControlServer
from supervisor.control.subscribers import Subscribers
from supervisor.control.waiters import Waiters
from supervisor.daemon import problems, signals
from supervisor.daemon.clock import Clock
from supervisor.daemon.event_loop import EventLoop
from supervisor.daemon.executor import EffectExecutor
from supervisor.daemon.persistence import Persistence
from supervisor.daemon.reexec import inheritance
from supervisor.daemon.reexec.upgrader import Upgrader
from supervisor.daemon.reloader import ActiveSettings, Reloader
from supervisor.daemon.scheduler import RestartScheduler
from supervisor.daemon.sd_notify import NotifySocket, SystemdNotifier
from supervisor.lifecycle import adoption, effects, events, machine, start_order
from supervisor.lifecycle.effects import Effect
from supervisor.lifecycle.event_queue import EventQueue
from supervisor.lifecycle.events import Event
from supervisor.lifecycle.model import DesiredState, Instant, ProcessId, ProgramState, State
from supervisor.locale import _, reasons
from supervisor.logs.program_logs import ProgramLogs
from supervisor.logs.writer import SupervisorLog
from supervisor.processes import process, procfs
from supervisor.processes.memory_monitor import MemoryMonitor
from supervisor.processes.watcher import ProcessWatcher

#: turns of the event loop before the exit of a child is handled: to accept its connection and to read its messages
TURNS_BEFORE_REAP: Final = 2
#: states in which there is time to delete old caches
_SETTLED: Final = frozenset({State.RUNNING, State.STOPPED, State.FATAL})


class Runner:
    """One running supervisor: its programs and everything that acts on them."""

    def __init__(
        self,
        config: Path,
        paths: InstancePaths,
        settings: Settings,
        log: SupervisorLog,
        handle_request: Callable[[Runner, ClientConnection, protocol.AnyRequest], None],
        notify_socket: NotifySocket | None,
        lock_fd: int,
        socket_fd: int | None,
        clock: Clock,
    ) -> None:
        """Open the control socket and the files of the instance.

        Args:
            config: the configuration file.
            paths: the files of the instance.
            settings: what was read from `config`.
            log: the log of the supervisor.
            handle_request: handles a request of a client.
            notify_socket: systemd's notification socket; None when systemd did not start the supervisor.
            lock_fd: descriptor of the lock of the state directory.
            socket_fd: descriptor of the control socket that the image before a re-exec has opened.
            clock: the only clock.

        Raises OSError.
        """
        self.config = config
        self.paths = paths
        self.log = log
        self._clock = clock
        self._handle_request = handle_request
        self.started = self.now()
        #: in the order of the configuration
        self.programs: dict[str, ProgramState] = {}
        self.lives = Lives(self.programs, lambda: self.server)
        self.leaving = False
        #: whether to exit if a program refuses the configuration while all programs start
        self.ends_on_bad_config = False
        self.exit_code = 0
        #: after a re-exec: until when only clients are served, in seconds of `Instant.mono_s`
        self.recovers_at_s: float | None = None
        #: what lives have sent meanwhile
        self._postponed: list[tuple[ClientConnection, protocol.AnyRequest]] = []
        #: the clients that wait for the report of a restart, and for a program to be down
        self.restart_waiters = Waiters()
        self.stop_waiters = Waiters()
        self._queue = EventQueue(self._handle_event)
        #: events that start programs, posted when it is their turn
        self._scheduled_starts: dict[str, Event] = {}
        #: desired states before a shutdown, which the journal keeps
        self._desired_before: dict[str, DesiredState] = {}
        #: whether a child may have exited; one may have before a re-exec
        self._child_exited = True
        self._loop = loop = EventLoop(clock, log.write)
        self.problems = problems.Problems(log.write, clock.now_s)
        self.settings = ActiveSettings(config, paths, settings, self)
        self.server = ControlServer(
            paths.socket,
            loop.selector,
            self._on_request,
            self._on_connection_closed,
            lambda pid: any(pid == child.pid for state in self.programs.values() for child in _processes(state)),
            lambda error: self.problems.report(problems.CONTROL_SOCKET, error),
            clock.now_s,
            socket_fd,
        )
        self._subscribers = Subscribers(self.server, log.write, self.now)
        self.persistence = Persistence(
            paths, lock_fd, self.programs, log, self.problems, self.server.reopen, clock.now_s
        )
        self._program_logs = ProgramLogs(
            paths, self.settings.current.logs, self.lives.request_reopen, log.write, self.programs,
            lambda command, then: self.executor.start_helper(command, then), clock.now_s, to_journal=log.to_journal,
        )  # fmt: skip
        self.executor = EffectExecutor(
            paths, config, self._program_logs, loop.selector, self.post, log.write, clock.now_s
        )
        self.notifier = SystemdNotifier(
            notify_socket, self.programs, lambda act: self.problems.guard(problems.SYSTEMD, act), self.now
        )
        self.reloader = Reloader(config, self.settings, self.executor.checks, self.notifier, log.write, self.now)
        self.upgrader = Upgrader(self, self.executor.checks, log.write, self.now)
        self._watcher = ProcessWatcher(loop.selector, self._on_adopted_exit, clock.now_s)
        self._scheduler = RestartScheduler(self.programs, self.post, log.write, self.now)
        self._alerts = AlertDispatcher(
            paths, config, loop.selector, log.write, self.now, self.programs, self.problems.shown,
            lambda: self.settings.current,
        )  # fmt: skip
        monitor = MemoryMonitor(self.programs, self.post, clock.now_s)
        loop.timers = [
            self, self.server, monitor, self._scheduler, self.reloader, self._watcher, self.persistence,
            self.notifier, self._alerts, self._program_logs, self.executor.failure_hooks, self.upgrader,
        ]  # fmt: skip
        signals.register(loop.selector, self._on_signals)

    def now(self) -> Instant:
        """Return the time of the only clock."""
        return self._clock.now()

    # --- called by others ---

    def run(self) -> None:
        """Keep the programs running until `shut_down` was called and all are down."""
        for connection, request in self._postponed:
            if connection in self.server.connections:
                self._on_request(connection, request)
        self._postponed.clear()
        while True:
            self.settle()
            self._loop.run_due()
            if self.leaving and not self._queue and all(map(start_order.is_down, self.programs.values())):
                break
            self._poll(0 if self._queue else self._loop.timeout_s())
            if self._child_exited:
                self._reap()
        self.executor.failure_hooks.kill_all()
        self.executor.wait_for_helpers()
        self._alerts.close()
        self._log_exit()
        self.server.close()
        self.persistence.close()

    def _log_exit(self) -> None:
        left = [f"{name} (PID {state.child.pid})" for name, state in self.programs.items() if state.child]
        if left:
            text = _("supervisor: exiting (cannot be killed: %(processes)s)")
            self.log.write("critical", text % {"processes": ", ".join(left)})
        else:
            self.log.write("info", _("supervisor: exiting (all programs have stopped)"))

    def post(self, name: str, event: Event) -> None:
        """Queue an event for the program `name`."""
        if isinstance(event, events.OPERATOR_REQUESTS):
            self._scheduled_starts.pop(name, None)  # the last request counts
        self._queue.post(name, event)

    def serve_first(self, time_s: float) -> None:
        """After a re-exec, only serve clients for `time_s` seconds, or until one requests a shutdown.

        The programs are as the journal shows them. Requests of operators that would act on programs are refused.
        """
        for name, program in self.settings.enabled().items():
            self.programs[name] = self.persistence.journal.load(name, program)
        self.recovers_at_s = self.now().mono_s + time_s
        while not self.leaving and (left_s := self.recovers_at_s - self.now().mono_s) > 0:
            self.server.run_due()
            self._poll(left_s)
        self.recovers_at_s = None
        self.programs.clear()

    def settle(self) -> None:
        """Handle all events, so that `programs` shows everything that has happened so far.

        Call it before you read a state to interpret something new: a request, or the exit of a process.
        """
        while True:
            self._queue.handle_all()
            self._post_scheduled()
            if not self._queue:
                return

    def schedule_start(self, names: Iterable[str], event: Event | None = None) -> None:
        """Start programs with `event`, by default `Start`, each when it is its turn."""
        for name in names:
            self._scheduled_starts.setdefault(name, event or events.Start())

    def process_of(self, state: ProgramState, number: int) -> ProcessId | None:
        """Return the process of the life with this number, if it is the current one or the standby."""
        if number == state.life.number:
            return state.child
        is_standby = state.standby is not None and number == state.standby.life.number
        return state.standby.child if state.standby is not None and is_standby else None

    def adopt(self, state: ProgramState) -> None:
        """Continue with a program where an earlier supervisor left it."""
        self.programs[state.name] = state
        self._adopt_standby(state)
        if state.child is not None:
            self.settings.record_spawn(state.name)
        event, watched = adoption.event_since_journal(state, procfs.boot_id(), procfs.is_alive), state.child
        if isinstance(event, events.Exited):
            watched = self.executor.reap_tree_unseen(state.name, state.life.number)
            event = replace(event, left=watched)
        self._watcher.watch(state.name, watched)
        self.post(state.name, event)

    def _adopt_standby(self, state: ProgramState) -> None:
        if (event := adoption.standby_event(state, procfs.boot_id(), procfs.is_alive)) is None:
            if state.standby is not None:
                self._watcher.watch(state.name, state.standby.child)
            return
        left = self.executor.reap_tree_unseen(state.name, event.life)
        self._watcher.watch(state.name, left)
        self.post(state.name, replace(event, left=left))

    def add_program(self, name: str, program: Program) -> None:
        """Add a program that is new in the configuration."""
        self.adopt(self.settings.with_flush_policies(self.persistence.journal.load(name, program)))

    def configure_logs(self, logs: Logs) -> None:
        """Put settings of logs into effect."""
        self.log.settings = self._program_logs.settings = logs

    def shut_down(self, reason: str) -> None:
        """Stop all programs, then exit. The journal keeps their desired states."""
        if self.leaving:
            return
        self.log.write("info", _("supervisor: shutting down (%(reason)s)") % {"reason": reason})
        self.reloader.cancel()
        self.upgrader.cancel()
        self._desired_before = {name: state.desired for name, state in self.programs.items()}
        self._scheduled_starts.clear()
        self.leaving = self.notifier.leaving = True
        for timer in (self._scheduler, self._alerts):
            self._loop.timers.remove(timer)
        self._alerts.announce_stop()
        self._subscribers.publish(type="shutdown")

    def hand_over(self) -> dict[str, str]:
        """Return the options for a re-exec."""
        socket_fd = self.server.listener_fd if self.persistence.is_socket_in_place() else None
        options = inheritance.hand_over(
            self.persistence.lock_fd, socket_fd, self.settings.current, leaving=self.leaving
        )
        return {**options, **self.executor.listeners.hand_over(), **self.upgrader.hand_over()}

    def next_deadline(self) -> float | None:
        """Return the first deadline of a program; see `Timer`."""
        states = self.programs.values()
        deadlines = [at for state in states for at in (machine.deadline(state), machine.standby_deadline(state))]
        return min((at for at in deadlines if at is not None), default=None)

    def run_due(self) -> None:
        """Post the deadlines that have passed."""
        now_s = self.now().mono_s
        for name, state in self.programs.items():
            if (at := machine.deadline(state)) is not None and at <= now_s:
                self.post(name, events.DeadlinePassed())
            if (at := machine.standby_deadline(state)) is not None and at <= now_s:
                self.post(name, events.StandbyDeadlinePassed())

    # --- events and effects ---

    def _poll(self, timeout_s: float | None) -> None:
        self._loop.poll(timeout_s)
        self.server.serve()

    def _post_scheduled(self) -> None:
        """Post the event of the program whose turn it is to start, or to stop during a shutdown."""
        if self.leaving:
            if (name := start_order.next_to_stop(self.programs)) is not None:
                self.post(name, events.Stop())
        elif (name := start_order.next_to_start(self.programs, list(self._scheduled_starts))) is not None:
            self.post(name, self._scheduled_starts.pop(name))

    def _handle_event(self, name: str, event: Event) -> list[Event]:
        """Handle an event; return the results of its effects."""
        if (before := self.programs.get(name)) is None:
            return []
        state, to_execute = machine.step(before, event, self.now())
        self.programs[name] = state
        # before the journal: a supervisor that is killed in between would never report a restart that the journal
        # shows as finished
        for effect in to_execute:
            if isinstance(effect, effects.RestartFinished):
                self.persistence.add_report(effect.report)
        self.persistence.save(replace(state, desired=self._desired_before.get(name, state.desired)))
        results = [self._execute(state, effect) for effect in to_execute]
        self._after_event(before, state, event)
        return [result for result in results if result is not None]

    def _after_event(self, before: ProgramState, state: ProgramState, event: Event) -> None:
        name = state.name
        self._subscribers.publish_changes(before, state)
        if isinstance(event, events.Heartbeat):
            self._program_logs.on_heartbeat(state)
            self.upgrader.have_files_changed()
        if state.state is not before.state and state.state in _SETTLED:
            self.executor.delete_trash(name)
            if state.state is not State.RUNNING:
                self.executor.listeners.close(name)
        if state.desired is DesiredState.UP and before.desired is DesiredState.DOWN:
            self.stop_waiters.resolve(name, False)
        if isinstance(event, events.Stop) and start_order.is_down(before):
            # the client of a start that this overtakes waits for a settled state
            self._subscribers.publish(type="state", **views.change(state))
        if start_order.is_down(state):
            self.stop_waiters.resolve(name, True)
            if name not in self.settings.enabled():
                del self.programs[name]
        if self.ends_on_bad_config:
            self._end_on_bad_config(before, state)

    def _end_on_bad_config(self, before: ProgramState, state: ProgramState) -> None:
        if start_order.has_refused_config(before, state):
            self.exit_code = EXIT_BAD_CONFIG
            self.shut_down(_("%(program)s refuses the configuration") % {"program": state.name})
        self.ends_on_bad_config = not self.leaving and not start_order.is_over(self.programs, self._scheduled_starts)

    def _execute(self, state: ProgramState, effect: Effect) -> Event | None:
        """Perform an effect; return the event that results from it at once, if any."""
        if self.lives.perform(state, effect, lambda serve: self.executor.begin_service(state, serve)):
            return None
        match effect:
            case effects.LogLine():
                self.log.write(effect.level, f"{state.name}: {reasons.describe(effect)}")
            case effects.RestartFinished():
                report = views.report(effect.report)
                self.restart_waiters.resolve(state.name, report)
                self._subscribers.publish(type="restart", report=report)
            case effects.Spawn() | effects.SpawnPrepared():
                self.persistence.verify_state_dir()  # never spawn beside the programs of another supervisor
                self.settings.record_spawn(state.name)
                return self.executor.execute(state, effect)
            case _:
                return self.executor.execute(state, effect)
        return None

    # --- connections ---

    def request_sockets(self, state: ProgramState, connection: ClientConnection) -> None:
        """Ask a life that an earlier supervisor has started for its sockets."""
        name, listeners = state.name, self.executor.listeners
        if listeners.is_complete(name, state.settings.listen):
            return
        if state.child is not None and not procfs.read_env_value(state.child.pid, "LISTEN_FDS"):
            listeners.mark_complete(name)  # it was started before `listen` was set
            return
        self.server.request_sockets(connection, lambda fds: listeners.take_back(name, state.settings.listen, fds))

    def _on_request(self, connection: ClientConnection, request: protocol.AnyRequest) -> None:
        if self.recovers_at_s is None:
            self.settle()
        elif isinstance(request, protocol.OF_LIVES):
            self._postponed.append((connection, request))
            return
        self._handle_request(self, connection, request)

    def _on_connection_closed(self, connection: ClientConnection) -> None:
        if (life := self.lives.remove(connection)) is not None:
            self.post(life[0], events.Disconnected(life[1]))
        self.restart_waiters.remove(connection)
        self.stop_waiters.remove(connection)

    # --- signals and exits ---

    def _on_signals(self, numbers: set[int]) -> None:
        self._child_exited = True  # to look costs little, and SIGCHLD may be lost among many signals
        if signal.SIGHUP in numbers and not self.leaving:
            self.reloader.request(lambda outcome: None)  # the outcome is logged
        for number in (signal.SIGTERM, signal.SIGINT):
            if number in numbers:
                self.shut_down(number.name)

    def _reap(self) -> None:
        for _turn in range(TURNS_BEFORE_REAP):
            self._poll(0)
        self._child_exited = False
        for pid, code, signal_name in process.reap():
            self.settle()
            if self.executor.on_exit(pid, code, signal_name):
                continue
            for state in list(self.programs.values()):
                for child in _processes(state):
                    if child.pid == pid:
                        self._on_exit(state, child, code, signal_name)

    def _on_exit(self, state: ProgramState, child: ProcessId, code: int | None, signal_name: str | None) -> None:
        """Reap the process of the current life or of the standby."""
        number = state.life.number if child == state.child or state.standby is None else state.standby.life.number
        if (connection := self.lives.take(state.name, number)) is not None:
            self.server.serve_rest(connection)  # its last messages may not be read yet
            connection.life = None
        survivor = self.executor.reap_tree(state, number, child, code, signal_name)
        self._watcher.watch(state.name, survivor)
        self.post(state.name, events.Exited(number, code, signal_name, left=survivor))

    def _on_adopted_exit(self, name: str, child: ProcessId) -> None:
        self.settle()
        state = self.programs.get(name)
        if state is not None and child in _processes(state):
            self._on_exit(state, child, None, None)


def _processes(state: ProgramState) -> list[ProcessId]:
    """Return the processes of a program: of its current life, and of the standby."""
    second = state.standby.child if state.standby is not None else None
    return [child for child in (state.child, second) if child is not None]
