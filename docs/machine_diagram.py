"""Draws the machine from the machine: `python docs/machine_diagram.py` rewrites the diagram in docs.

Every state that can be reached is given every event; where the state changes, there is an arrow.
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
#: what each event is called in the picture; those that are not named here move no state
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


def samples(known: ProgramState) -> Iterator[ev.Event]:
    """Yield each kind of event, as it could come to `known`."""
    life = known.life.number
    yield from (ev.Start(), ev.Stop(), ev.RestartRequested(Reason("edited"), "Admin"), ev.DeadlinePassed())
    yield from (ev.CheckFinished(life, None), ev.CheckFinished(life, BROKEN), ev.SpawnFailed(life, BROKEN))
    yield from (ev.Spawned(life, CHILD), ev.Hello(life), ev.Ready(life), ev.Drained(life), ev.Disconnected(life))
    yield ev.Hello(life, writes_traceback=True)
    if known.child:
        yield ev.Exited(life, 1, left=CHILD)
        yield from (ev.Exited(life, code) for code in (0, 1, 75, 78))
    yield ev.Flushed(life)


def arrows() -> set[tuple[State, str, State]]:
    """Return every change of state that can happen: from, why, to."""
    settings = Program(command=("shop",), check=("shop", "--check"), max_crashes=2, restart="on-failure")
    first = ProgramState(name="bot", settings=settings)
    seen, found, waiting = {_shape(first)}, set(), deque([first])
    while waiting:
        known = waiting.popleft()
        for event in samples(known):
            due = deadline(known)
            now_s = due if isinstance(event, ev.DeadlinePassed) and due is not None else known.since_s
            after, _ = step(known, event, Instant(now_s, 0.0))
            after = replace(after, child=CHILD) if after.state is State.STARTING else after
            if after.state is not known.state:
                found.add((known.state, WORDS[type(event)], after.state))
            if _shape(after) not in seen:
                seen.add(_shape(after))
                waiting.append(after)
    return found


def _shape(known: ProgramState) -> tuple[object, ...]:
    """Return what of `known` the next arrow can depend on."""
    return (
        known.state,
        known.desired,
        known.life.linked,
        known.life.writes_traceback,
        known.child is None,
        known.restart is None,
        known.restart is not None and known.restart.check_deadline_s is None,
        known.after_flush.state,
        known.crashed,
        len(known.crashes_s),
    )


def mermaid() -> str:
    """Return the diagram, as text that renders where the files are shown."""
    together: dict[tuple[State, State], list[str]] = {}
    for before, why, after in sorted(arrows()):
        together.setdefault((before, after), []).append(why)
    order = list(State)
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> STOPPED"]
    for (before, after), reasons in sorted(together.items(), key=lambda one: [order.index(state) for state in one[0]]):
        lines.append(f"    {before} --> {after}: {', '.join(reasons)}")
    return "\n".join([*lines, "```", ""])


def placed(text: str) -> str:
    """Return `text` with the diagram, as it is now, between its marks."""
    return re.sub(f"(?s){re.escape(BEGIN)}.*?{re.escape(END)}", lambda match: BEGIN + mermaid() + END, text)


if __name__ == "__main__":
    for path in FILES:
        path.write_text(placed(path.read_text()))
        sys.stdout.write(f"{path.relative_to(ROOT)} is up to date\n")
