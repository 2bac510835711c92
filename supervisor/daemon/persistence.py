"""What the supervisor keeps on disk: writes journal and history, and repairs the state directory.

A failing disk is a problem to report, not a reason to stop: memory holds everything that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from supervisor.config.paths import InstancePaths
from supervisor.control import views
from supervisor.daemon import problems
from supervisor.daemon.problems import Problems
from supervisor.lifecycle.model import ProgramState, RestartReport
from supervisor.logs.writer import SupervisorLog
from supervisor.storage.convert import convert_state_dir
from supervisor.storage.history import History
from supervisor.storage.journal import Journal
from supervisor.storage.state_dir import StateDirGuard

#: phases of a restart in which members wait: the disk is not synced meanwhile
_DOWN_PHASES: Final = frozenset({"drain", "quiesce", "stop", "flush", "serve"})


class Persistence:
    """The journal, the history and the state directory of a running supervisor. A timer of the event loop."""

    def __init__(
        self,
        paths: InstancePaths,
        lock_fd: int,
        programs: Mapping[str, ProgramState],
        log: SupervisorLog,
        problems: Problems,
        reopen_socket: Callable[[], None],
        now_s: Callable[[], float],
    ) -> None:
        """Open the journal and the history.

        Args:
            paths: the files of the instance.
            lock_fd: descriptor of the lock of the state directory.
            programs: the programs, as they are at any time.
            log: the log of the supervisor.
            problems: where a failing disk is reported.
            reopen_socket: creates a deleted control socket again.
            now_s: the time, as in `Instant.mono_s`.

        Raises OSError.
        """
        convert_state_dir(paths)
        self.journal = Journal(paths.journal)
        self.history = History(paths.history)
        self._programs = programs
        self._log = log
        self._problems = problems
        self._reopen_socket = reopen_socket
        self._guard = StateDirGuard(paths, lock_fd, now_s, log.write)

    @property
    def lock_fd(self) -> int:
        """The descriptor of the lock of the state directory."""
        return self._guard.lock_fd

    def is_socket_in_place(self) -> bool:
        """Return whether the path of the control socket leads to the socket of this supervisor."""
        return self._guard.is_socket_in_place()

    def save(self, state: ProgramState) -> None:
        """Write the state of a program to the journal."""
        self._problems.guard(problems.JOURNAL, lambda: self.journal.write(state))

    def add_report(self, report: RestartReport) -> None:
        """Write the report of a finished restart to the history."""
        self._problems.guard(problems.HISTORY, lambda: self.history.add(report))

    def rewrite(self) -> None:
        """Write journal and history again: complete, and without lines that cannot be read. Raises OSError."""
        self.journal.rewrite()
        self.history.rewrite()

    def verify_state_dir(self) -> None:
        """Recreate what is missing of the state directory. Raises StateDirLocked when another supervisor owns it."""
        self._problems.guard(problems.STATE_DIR, lambda: self._guard.verify(self._reopen_socket))
        self._problems.guard(problems.LOG, self._log.reopen_if_moved)
        self.journal.detect_deletion()
        self.history.detect_deletion()

    def next_deadline(self) -> float | None:
        """Return when to verify the state directory or to retry a failed write; see `Timer`."""
        deadlines = (self._problems.next_retry_s(), None if self._members_wait() else self._guard.next_deadline())
        return min((at for at in deadlines if at is not None), default=None)

    def run_due(self) -> None:
        """Verify the state directory and sync the files, but not while members wait for a restart."""
        members_wait = self._members_wait()
        if not members_wait and self._guard.is_due():
            self.verify_state_dir()
        if not members_wait or problems.JOURNAL in self._problems.shown:
            self._problems.retry(problems.JOURNAL, self.journal.sync)
        self._problems.retry(problems.HISTORY, self.history.sync)

    def _members_wait(self) -> bool:
        return any(views.phase(state) in _DOWN_PHASES for state in self._programs.values())

    def close(self) -> None:
        """Sync and close the files."""
        self._problems.guard(problems.JOURNAL, self.journal.close)
        self._problems.guard(problems.HISTORY, self.history.sync)
        self.history.close()
