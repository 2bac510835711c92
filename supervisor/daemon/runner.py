"""The only loop: wait for an event or the next deadline, step, carry out.

Everything that happens (a signal, a message, the end of a process) becomes an event of one program; the machine
says what follows, and `EffectExecutor` does it. Nothing here decides.
"""

from __future__ import annotations

import os
import selectors
import signal
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from supervisor import locale
from supervisor.alerts.dispatcher import AlertDispatcher
from supervisor.config import diff as reloading
from supervisor.config import timezone
from supervisor.config.loading import file_fingerprint
from supervisor.config.paths import InstancePaths
from supervisor.config.settings import Program, Settings
from supervisor.configfile import ConfigError
from supervisor.control import protocol
from supervisor.control import views as snapshot
from supervisor.control.connection import ClientConnection
from supervisor.control.server import ControlServer
from supervisor.control.subscribers import Subscribers
from supervisor.control.waiters import Waiters
from supervisor.daemon import problems as problems
from supervisor.daemon import signals
from supervisor.daemon.clock import Clock
from supervisor.daemon.executor import EffectExecutor
from supervisor.daemon.reloader import Reloader
from supervisor.daemon.scheduler import RestartScheduler
from supervisor.daemon.sd_notify import NotifySocket, SystemdNotifier
from supervisor.lifecycle import adoption as recall
from supervisor.lifecycle import effects, events, machine
from supervisor.lifecycle import start_order as order
from supervisor.lifecycle.effects import Effect
from supervisor.lifecycle.events import Event
from supervisor.lifecycle.model import DesiredState, Instant, ProcessId, ProgramState, RestartReport, State
from supervisor.locale import _, reasons
from supervisor.logs import writer as log
from supervisor.logs.program_logs import ProgramLogs
from supervisor.processes import checks, process
from supervisor.processes.memory_monitor import MemoryMonitor
from supervisor.processes.watcher import ProcessWatcher
from supervisor.storage import state_dir as premises
from supervisor.storage.journal import History, Journal

#: phases in which members wait; what can be put off, is
_DOWN_PHASES = frozenset({"drain", "stop", "flush"})
#: how often the door is looked at before the end of a child counts: to accept it, and to read what it said
HEARING_ROUNDS: Final = 2
#: states in which there is time for cleaning up
_SETTLED = frozenset({State.RUNNING, State.STOPPED, State.FATAL})


#: answers a request at the door
Serve = Callable[["Runner", ClientConnection, protocol.AnyRequest], None]


class Runner:
    """One supervisor at work: its programs, and whoever waits for them."""

    def __init__(self, config: Path, place: InstancePaths, settings: Settings, logbook: log.SupervisorLog, serve: Serve,
                 manager: NotifySocket | None, lock_fd: int) -> None:  # fmt: skip
        """Open the journal of `place`, whose lock we have, and the door there, where `serve` answers.

        `manager` is told how it goes. Raises OSError.
        """
        self.config = config
        self.place = place
        self.settings = settings
        #: the file as it was last read; of a restart only one program's part of it counts
        self._read = settings
        self._stamp = file_fingerprint(config)
        #: the same as it was when the present life of each program was spawned
        self._seen: dict[str, Settings] = {}
        self.log = logbook
        self._clock = Clock()
        self.started = self.now()
        self.journal = Journal(place.journal)
        self.history = History(place.history)
        self.programs: dict[str, ProgramState] = {}
        self.problems = problems.Problems(logbook.write, self._mono_s)
        self.leaving = False
        #: whether there are ends of children to be looked at; some may have ended while this process began anew
        self._some_ended = True
        #: the connections of the present lives, by program
        self.links: dict[str, ClientConnection] = {}
        self.voice = SystemdNotifier(manager, lambda act: self.problems.guard(problems.TO_SYSTEMD, act), self.now)
        self._wishes: dict[str, DesiredState] = {}
        #: what happens to programs once it is their turn to start
        self._to_start: dict[str, Event] = {}
        self._queue: deque[tuple[str, Event]] = deque()
        #: those who wait for the report of a restart, and for a program to be down
        self.await_restart = Waiters()
        self.await_down = Waiters()
        self._selector = selectors.DefaultSelector()
        signals.catch(self._selector, self._signalled)
        self._watch = ProcessWatcher(self._selector, self._adopted_ended, self._mono_s)
        self._timetable = RestartScheduler(self.post, logbook.write)
        self._scales = MemoryMonitor(self.post, self._mono_s)
        self._logs = ProgramLogs(place, settings.logs, self._ask_reopen, logbook.write, to_journal=logbook.to_journal)
        self._hands = EffectExecutor(place, config, self._logs, self.post, logbook.write)
        self.reloader = Reloader(config, self._hands.checks, self.voice, self.apply, logbook.write, self.now)
        self._post_office = AlertDispatcher(place, config, self._selector, logbook.write, self.now)
        self.door = ControlServer(
            place.socket,
            self._selector,
            lambda connection, request: serve(self, connection, request),
            self._connection_closed,
            lambda pid: any(known.child and known.child.pid == pid for known in self.programs.values()),
            lambda error: self.problems.tell(problems.DOOR, error),
            self._mono_s,
        )
        self._listeners = Subscribers(self.door, logbook.write)
        self._premises = premises.StateDirGuard(place, lock_fd, self._mono_s, logbook.write)

    def now(self) -> Instant:
        """Return the time. The one clock."""
        return self._clock.now()

    def _mono_s(self) -> float:
        return self._clock.now().mono_s

    # --- from the outside ---

    def recall(self, *, keep_desired: bool, end: bool) -> None:
        """Take up what the journal tells, and start what is wanted: everything, or only what was; or `end` it all."""
        if self.journal.broken_lines:
            text = _("%(path)s: passed over %(count)d broken lines")
            facts = {"path": self.place.journal, "count": self.journal.broken_lines}
            self.log.write("warning", text % facts)
        for name in dict.fromkeys([*self.enabled(), *self.journal.names()]):
            program = self.enabled().get(name)
            known = self._configured(self.journal.recall(name, program or Program()))
            known = recall.with_running_process(
                known, process.find_life(self._hands.marks_of_program(name)), process.is_alive
            )
            self._hands.checks.end_left(name)
            if program is None and known.child is None:
                continue
            if end and not (known.child and process.is_alive(known.child)):
                self.post(name, events.Stop())  # before anything could follow from its death; the others in their turn
            self._take_up(known)
            if program is None:
                self.post(name, events.Stop())
            elif not keep_desired or known.desired is DesiredState.UP or known.life.number == 0:
                self._to_start[name] = recall.start_event(known, self.now(), is_service=self.voice.is_wanted)

    def _take_up(self, known: ProgramState) -> None:
        """Go on with a program from where an earlier supervisor left it."""
        self.programs[known.name] = known
        if known.child is not None:
            self._seen[known.name] = self._read
        event, watched = recall.event_since_journal(known, process.boot_id(), process.is_alive), known.child
        if isinstance(event, events.Exited):
            watched = self._hands.bury_unseen(known)
            event = replace(event, left=watched)
        self._watch.begin(known.name, watched)
        self.post(known.name, event)

    def run(self) -> None:
        """Keep the programs running until told to leave."""
        self._work()
        self.voice.tell(self.programs, leaving=self.leaving)
        while not (self.leaving and all(order.is_down(known) for known in self.programs.values())):
            if not self.leaving:
                self._post_office.look(self.programs, self.problems.shown, self.settings)
            self._take_in(self._timeout_s())
            if self._some_ended:
                # who connected, said why it ends, and ended, is heard before it is buried
                for _round in range(HEARING_ROUNDS):
                    self._take_in(0)
                self._some_ended = False
                self._reap()
            # what has come in happens first: a life that has just said what was awaited is not too late
            self._work()
            self._post_due()
            self.door.run_due()
            self.reloader.look()
            self._watch.look()
            self._work()
            self.voice.tell(self.programs, leaving=self.leaving)
        self._hands.await_sweeps()
        self._post_office.close()
        self.log.write("info", _("everything is down; leaving"))
        self.door.close()
        self.problems.guard(problems.JOURNAL, self.journal.close)
        self.problems.guard(problems.HISTORY, self.history.sync)
        self.history.close()

    def _take_in(self, timeout_s: float | None) -> None:
        """Wait until something happens, for at most `timeout_s` seconds, and take it in."""
        self._clock.sleeps(timeout_s)
        found = self._selector.select(timeout_s)
        for note in self._clock.wakes():
            self.log.write("warning", note)
        for key, mask in found:
            key.data(mask)
        self.door.serve()

    def post(self, name: str, event: Event) -> None:
        """Let `event` happen to the program `name`."""
        self._queue.append((name, event))

    def bring_up(self, names: list[str]) -> None:
        """Start programs, each in its turn."""
        for name in names:
            self._to_start.setdefault(name, events.Start())

    def shut_down(self, why: str) -> None:
        """Take everything down, then leave. What the operator wished before stays in the journal."""
        if self.leaving:
            return
        self.log.write("info", _("shutting down (%(why)s)") % {"why": why})
        self.reloader.end()
        self._wishes = {name: known.desired for name, known in self.programs.items()}
        self._to_start.clear()
        self.leaving = True
        self._listeners.tell(type="shutdown")

    def apply(self, read: Settings, only: str | None = None) -> reloading.Changes:
        """Let settings that were just read count for all programs, or for one.

        Returns what is another now. Raises ConfigError, and then nothing has changed.
        """
        fresh = read if only is None else self._with_one(read, only)
        old, new = self.enabled(), reloading.enabled(fresh)
        moved = (self.config.parent / fresh.supervisor.state_dir).resolve() != self.place.state_dir
        seen = {name: self._seen[name] for name, known in self.programs.items() if known.child and name in self._seen}
        changes = reloading.changes(self.settings, fresh, seen, moved=moved)
        before, self.settings, self._read, self._stamp = self.settings, fresh, read, file_fingerprint(self.config)
        self.log.settings = self._logs.settings = fresh.logs
        if (before.language, before.timezone) != (fresh.language, fresh.timezone):
            locale.use(fresh.language)
            timezone.use(fresh.timezone)
        for name, known in self.programs.items():
            if name not in new:
                self.post(name, events.Stop())
                continue
            known = self._configured(replace(known, settings=new[name]))
            self.post(name, events.Configured(known.settings, known.flush_on_restart, known.flush_on_crash))
        for name in new:
            if name not in self.programs:
                self._take_up(self._configured(self.journal.recall(name, new[name])))
        self.programs = {**{name: self.programs[name] for name in new}, **self.programs}
        self.bring_up([name for name in new if name not in old])
        return changes

    def _with_one(self, fresh: Settings, name: str) -> Settings:
        """Return the present settings with those of one program, and of the cache, read again."""
        program = fresh.programs.get(name)
        if program is None or not program.enabled:
            text = _("%(path)s: [programs.%(name)s] is missing or not enabled any more")
            raise ConfigError(text % {"path": self.config, "name": name})
        return replace(self.settings, cache=fresh.cache, programs={**self.settings.programs, name: program})

    def enabled(self) -> dict[str, Program]:
        """Return the programs that are to be run at all."""
        return reloading.enabled(self.settings)

    def clear_cache(self, known: ProgramState, what: str) -> str | None:
        """Empty the cache of a program that does not run, "temporary" or "all"; return why it could not be done."""
        return self._hands.clear(known, what)

    def view(self) -> dict[str, Any]:
        """Return the object of `status --json`."""
        return snapshot.status(
            self.programs,
            pid=os.getpid(),
            started=self.started,
            now=self.now(),
            problems=self.problems.shown,
            config_changed=file_fingerprint(self.config) != self._stamp,
            rss_bytes=process.rss_bytes,
        )

    # --- the loop ---

    def _timeout_s(self) -> float | None:
        due = [at for known in self.programs.values() if (at := machine.deadline(known)) is not None]
        if not self.leaving:
            due += [at] if (at := self._post_office.due_s(self.programs)) is not None else []
            due += self._timetable.due_s(self.programs, self.now())
        due += self._scales.due_s(self.programs)
        others = (self.voice, self.reloader, self.problems, self._premises, self._watch)
        due += [at for one in others if (at := one.due_s()) is not None]
        due += [at] if (at := self.door.next_deadline()) is not None else []
        return max(0.0, min(due) - self._mono_s()) if due else None

    def _post_due(self) -> None:
        mono_s = self._mono_s()
        for name, known in self.programs.items():
            at = machine.deadline(known)
            if at is not None and at <= mono_s:
                self.post(name, events.DeadlinePassed())
        self._scales.look(self.programs)
        if not self.leaving:
            self._timetable.look(self.programs, self.now())

    def _work(self) -> None:
        """Let everything happen that is to happen now; then bring the journal to the disk, if no member waits."""
        while self._next():
            while self._queue:
                self._happen(*self._queue.popleft())
        serves = not any(snapshot.phase(known) in _DOWN_PHASES for known in self.programs.values())
        if serves and self._premises.is_due():
            self._hold_place()
        if serves or problems.JOURNAL in self.problems.shown:
            self.problems.retry(problems.JOURNAL, self.journal.sync)
        self.problems.retry(problems.HISTORY, self.history.sync)

    def _hold_place(self) -> None:
        """Make sure that the state directory is there and ours. Raises Taken when another supervisor has it."""
        self.problems.guard(problems.STATE_DIR, lambda: self._premises.hold(self.door.reopen))
        self.log.look()
        self.journal.look()
        self.history.look()

    def _next(self) -> bool:
        """Post whose turn it is to start or to stop; return whether anything is left to happen."""
        if self.leaving:
            if (name := order.next_to_stop(self.programs)) is not None:
                self.post(name, events.Stop())
        elif (name := order.next_to_start(self.programs, list(self._to_start))) is not None:
            self.post(name, self._to_start.pop(name))
        return bool(self._queue)

    def _happen(self, name: str, event: Event) -> None:
        if name not in self.programs:
            return
        before = self.programs[name]
        known, to_execute = machine.step(before, event, self.now())
        self.programs[name] = known
        # the history first: what stands in the journal as over would be reported by nobody after this moment
        for report in [effect.report for effect in to_execute if isinstance(effect, effects.RestartFinished)]:
            self.problems.guard(problems.HISTORY, partial(self.history.add, report))
        kept = replace(known, desired=self._wishes.get(name, known.desired)) if self.leaving else known
        self.problems.guard(problems.JOURNAL, lambda: self.journal.write(kept))
        for effect in to_execute:
            self._carry_out(known, effect)
        self._listeners.announce(before, known)
        if isinstance(event, events.Heartbeat):
            self._logs.heard(known)
        if known.state is not before.state and known.state in _SETTLED:
            self._hands.sweep(name)
        if known.desired is DesiredState.UP and before.desired is DesiredState.DOWN:
            self.await_down.happened(name, False)
        if order.is_down(known):
            self.await_down.happened(name, True)
            if name not in self.enabled():
                del self.programs[name]

    def _carry_out(self, known: ProgramState, effect: Effect) -> None:
        match effect:
            case effects.LogLine():
                self.log.write(effect.level, f"{known.name}: {reasons.describe(effect)}")
            case effects.RunCheck():
                self._hands.run_check(known)
            case effects.StopCheck():
                self._hands.checks.end(known.name, checks.RESTART)
            case effects.Welcome():
                self._ask(known.name, "welcome", life=effect.life, ticket=effect.ticket)
            case effects.RequestDrain(_, deadline_s, reason):
                self._ask(known.name, "drain", deadline_s=deadline_s, reason=reason, flush=known.flush_on_restart)
            case effects.Terminate():
                process.terminate(effect.child)
            case effects.RequestTraceback():
                process.ask_traceback(effect.child)
            case effects.Kill():
                self._hands.kill(known, effect.child)
            case effects.Flush():
                self._hands.flush(known.name, effect)
            case effects.Spawn():
                self._hold_place()  # never a second life beside that of another supervisor
                self._seen[known.name] = self._read
                self._hands.spawn(known)
            case effects.RestartFinished():
                self._finish(effect.report)

    def _ask(self, name: str, op: str, **fields: Any) -> None:
        """Ask the present life; what matters of its answer comes as a message of its own."""
        if (connection := self.links.get(name)) is not None:
            self.door.request(connection, op, lambda answer: None, **fields)

    def _ask_reopen(self, name: str, then: Callable[[protocol.Answer], None]) -> bool:
        """Ask the present life to open its log anew; return whether there is one that can be asked."""
        if (connection := self.links.get(name)) is None:
            return False
        self.door.request(connection, "reopen", then)
        return True

    def _connection_closed(self, connection: ClientConnection) -> None:
        """If the connection was a life's, that life has lost its link."""
        if connection.life is not None and self.links.get(connection.life[0]) is connection:
            name, life = connection.life
            del self.links[name]
            self.post(name, events.Disconnected(life))
        self.await_restart.gone(connection)
        self.await_down.gone(connection)

    def _finish(self, report: RestartReport) -> None:
        shown = snapshot.report(report)
        self.await_restart.happened(report.program, shown)
        self._listeners.tell(type="restart", report=shown)

    def _configured(self, known: ProgramState) -> ProgramState:
        cache = self.settings.cache
        return replace(known, flush_on_restart=cache.flush_on_restart, flush_on_crash=cache.flush_on_crash)

    # --- signals and ends of processes ---

    def _signalled(self, seen: set[int]) -> None:
        self._some_ended = self._some_ended or signal.SIGCHLD in seen
        if signal.SIGHUP in seen and not self.leaving:
            self.reloader.ask(lambda outcome: None)  # what comes of it stands in the log
        for number in (signal.SIGTERM, signal.SIGINT):
            if number in seen:
                self.shut_down(number.name)

    def _reap(self) -> None:
        for pid, code, signal_name in process.reap():
            if self._hands.take_sweep(pid) or self._hands.checks.take(pid, code, signal_name):
                continue
            for known in self.programs.values():
                if known.child and known.child.pid == pid:
                    self._ended(known, code, signal_name)

    def _ended(self, known: ProgramState, code: int | None, signal_name: str | None) -> None:
        if (connection := self.links.pop(known.name, None)) is not None:
            self.door.serve_rest(connection)  # its last words may still be on the way
            connection.life = None
        left = self._hands.bury(known, code, signal_name)
        self._watch.begin(known.name, left)
        self.post(known.name, events.Exited(known.life.number, code, signal_name, left=left))

    def _adopted_ended(self, name: str, child: ProcessId) -> None:
        known = self.programs.get(name)
        if known is not None and known.child == child:
            self._ended(known, None, None)
