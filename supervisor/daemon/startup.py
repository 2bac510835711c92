"""Recovers the programs when the supervisor starts: reads the journal and adopts the processes that still run."""

from __future__ import annotations

from supervisor.config.settings import Program
from supervisor.daemon.runner import Runner
from supervisor.lifecycle import adoption, events
from supervisor.lifecycle.model import DesiredState, ProgramState
from supervisor.locale import _
from supervisor.processes import procfs


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
        if name not in enabled and state.child is None:
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
    state = adoption.with_running_process(state, runner.executor.find_life(name), procfs.is_alive, used_number)
    runner.executor.checks.kill_orphans(name)
    return state
