"""Draws the state machine from its code: `python docs/machine_diagram.py` rewrites the diagram in docs.

Every reachable state gets every event; an arrow is drawn where the state changes.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from supervisor.config.settings import Program
from supervisor.lifecycle import events as ev
from supervisor.lifecycle.machine import deadline, step
from supervisor.lifecycle.model import Instant, ProcessId, ProgramState, Reason, State

ROOT = Path(__file__).resolve().parent.parent
#: files that show the diagram between these two lines
FILES = (ROOT / "docs" / "explanation" / "machine.md",)
BEGIN, END = "<!-- machine: made by docs/machine_diagram.py -->\n", "<!-- end of machine -->"

BROKEN = Reason("broken")
CHILD = ProcessId(1, 1, "boot")
#: names of events in the diagram; other events change no state
WORDS: dict[type[ev.Event], str] = {
    ev.Start: "start",
    ev.Stop: "stop",
    ev.RestartRequested: "restart",
    ev.CheckFinished: "check passed",
    ev.DeadlinePassed: "deadline",
    ev.SpawnFailed: "cannot spawn",
    ev.Ready: "ready",
    ev.Drained: "drained",
    ev.Exited: "exit",
    ev.Flushed: "flushed",
}


def sample_events(program: ProgramState) -> Iterator[ev.Event]:
    """Yield an event of each kind that can happen to `program`."""
    life = program.life.number
    yield from (ev.Start(), ev.Stop(), ev.RestartRequested(Reason("edited"), "Admin"), ev.DeadlinePassed())
    yield from (ev.CheckFinished(life, None), ev.CheckFinished(life, BROKEN), ev.SpawnFailed(life, BROKEN))
    if program.state is State.STARTING:  # in other states it is a fault, which `EventQueue` prevents
        yield ev.Spawned(life, CHILD)
    yield from (ev.Hello(life), ev.Ready(life), ev.Drained(life), ev.Disconnected(life))
    yield ev.Hello(life, writes_traceback=True)
    if program.child:
        yield ev.Exited(life, 1, left=CHILD)
        yield from (ev.Exited(life, code) for code in (0, 1, 75, 78))
    yield ev.Flushed(life)


def transitions() -> set[tuple[State, str, State]]:
    """Return every possible change of state: old state, event, new state."""
    settings = Program(command=("shop",), check=("shop", "--check"), max_crashes=2, restart="on-failure")
    first = ProgramState(name="bot", settings=settings)
    seen, changes, queue = {_shape(first)}, set(), deque([first])
    while queue:
        program = queue.popleft()
        for event in sample_events(program):
            due = deadline(program)
            now_s = due if isinstance(event, ev.DeadlinePassed) and due is not None else program.since_s
            after, _ = step(program, event, Instant(now_s, 0.0))
            after = replace(after, child=CHILD) if after.state is State.STARTING else after
            if after.state is not program.state:
                changes.add((program.state, WORDS[type(event)], after.state))
            if _shape(after) not in seen:
                seen.add(_shape(after))
                queue.append(after)
    return changes


def _shape(program: ProgramState) -> tuple[object, ...]:
    """Return the part of `program` on which the next change of state can depend."""
    return (
        program.state,
        program.desired,
        program.life.linked,
        program.life.writes_traceback,
        program.child is None,
        program.restart is None,
        program.restart is not None and program.restart.check_deadline_s is None,
        program.after_flush.state,
        program.crashed,
        len(program.crashes_s),
    )


def mermaid() -> str:
    """Return the diagram as Mermaid text."""
    together: dict[tuple[State, State], list[str]] = {}
    for before, why, after in sorted(transitions()):
        together.setdefault((before, after), []).append(why)
    order = list(State)
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> STOPPED"]
    for (before, after), reasons in sorted(together.items(), key=lambda one: [order.index(state) for state in one[0]]):
        lines.append(f"    {before} --> {after}: {', '.join(reasons)}")
    return "\n".join([*lines, "```", ""])


def with_diagram(text: str) -> str:
    """Return `text` with the current diagram between its markers."""
    return re.sub(f"(?s){re.escape(BEGIN)}.*?{re.escape(END)}", lambda match: BEGIN + mermaid() + END, text)


if __name__ == "__main__":
    for path in FILES:
        path.write_text(with_diagram(path.read_text()))
        sys.stdout.write(f"{path.relative_to(ROOT)} is up to date\n")
