"""Chaos with a seed: operations, and kills of supervisor, life or both in the midst of them; what must hold after each.

`python -m tests.support.chaos.rounds [--seed N] [--rounds N]` (`make chaos`). Exit codes: 0 all held ·
1 something did not.
The seed decides what happens and when; how far the processes are by then, the machine decides.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from supervisor.client import Client, ControlError
from tests.support.supervisor.supervised import PATIENCE_S, Supervised

CHILD: Final = str(Path(__file__).with_name("child.py"))
#: within this time after an operation began somebody is killed
MOMENTS_S: Final = 0.25
#: what the life does next time it begins, and how often that is chosen
MOODS: Final = {"": 8, "crash": 1, "brief": 1, "slow": 1, "deaf": 2, "stays": 1, "forks": 2}
OPERATIONS: Final = {
    "restart": 6,
    "stop": 2,
    "start": 1,
    "reload": 2,
    "failed check": 2,
    "supervisor": 4,
    "crash": 2,
    "hang": 1,
}
VICTIMS: Final = {"supervisor": 5, "life": 3, "both": 3, "nobody": 2}
PROGRAM: Final[dict[str, Any]] = {
    "command": ["python", "-I", "-S", CHILD],
    # a check that takes no time, and fails as soon as that file is there
    "check": ["test", "!", "-e", "broken"],
    "start_timeout_s": 1,
    "drain_timeout_s": 0.5,
    "stop_timeout_s": 0.3,
    "heartbeat_timeout_s": 1.5,
    "max_crashes": 0,
    "max_starts_per_day": 0,
}


class Violation(AssertionError):
    """Something that must hold does not."""


@dataclass(frozen=True)
class Round:
    """What is done in one round."""

    operation: str
    mood: str
    victim: str
    #: when the victim is killed, in seconds after the operation began
    moment_s: float
    keep_wishes: bool

    def words(self) -> str:
        """Say it in a line."""
        keep = ", desired states kept" if self.keep_wishes else ""
        return f"{self.operation}, mood {self.mood or 'good'}, {self.victim} killed after {self.moment_s:.4f} s{keep}"


def rounds(seed: int, count: int) -> list[Round]:
    """Return what is done in each round. Pure."""
    dice = random.Random(seed)

    def one_of(weights: dict[str, int]) -> str:
        return dice.choices(list(weights), list(weights.values()))[0]

    return [
        Round(one_of(OPERATIONS), one_of(MOODS), one_of(VICTIMS), MOMENTS_S * dice.random() ** 2, dice.random() < 0.5)
        for _ in range(count)
    ]


@dataclass
class Operation:
    """An operation under way: what it was answered."""

    op: str
    fields: dict[str, Any]
    socket: Path
    #: "ok", the code of a refusal, or None before an answer has arrived
    outcome: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """Ask, in a thread."""
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        try:
            with Client(self.socket) as client:
                self.answer = client.request(self.op, timeout_s=PATIENCE_S, **self.fields)
                self.outcome = "ok"
        except ControlError as error:
            self.outcome = error.code
        except OSError as error:
            self.outcome = str(error)

    def end(self) -> None:
        """Wait for the answer or for a closed connection. Raises Violation when neither comes."""
        self._thread.join(2 * PATIENCE_S)
        if self.outcome in (None, "timed_out"):
            raise Violation(f"{self.op} was never answered")


class Chaos:
    """One supervisor that is not spared."""

    def __init__(self, directory: Path) -> None:
        self.it = Supervised(directory, {"bot": PROGRAM})
        self.directory = directory
        self.outcomes: Counter[str] = Counter()
        self._number = 0
        self._owed: list[dict[str, Any]] = []
        self._mood("")

    def run(self, plan: list[Round]) -> None:
        """Do all rounds. Raises Violation that says which one it was."""
        self.it.start()
        self._settle()
        for number, one in enumerate(plan, 1):
            try:
                self._round(one)
                self._check()
            except (AssertionError, OSError, ControlError) as error:
                raise Violation(f"round {number} ({one.words()}): {type(error).__name__}: {error}") from error
        self.it.end()
        self._check_files()

    def clean(self) -> None:
        """End by force whatever is left."""
        self.it.clean()

    # --- one round ---

    def _round(self, one: Round) -> None:
        self._number += 1
        self._owed = []
        self._mood(one.mood)
        broken = self.directory / "broken"
        if one.operation == "failed check":
            broken.touch()
        under_way = self._begin(one.operation)
        timer = threading.Timer(one.moment_s, self._kill, [one.victim])
        timer.start()
        timer.join()
        broken.unlink(missing_ok=True)
        self._mood("")
        self._revive(keep_wishes=one.keep_wishes)
        self._settle()
        if under_way is not None:
            under_way.end()
            self.outcomes[f"{under_way.op}: {under_way.outcome}"] += 1
            self._check_answer(under_way)

    def _begin(self, operation: str) -> Operation | None:
        reason = f"round {self._number}"
        if operation == "supervisor":
            self.it.kill()
            self.it.process = self.it.launch()
            return None
        if operation in ("crash", "hang"):
            self._signal_life(signal.SIGKILL if operation == "crash" else signal.SIGUSR1)
            return None
        asked = {"stop": ("stop", {"program": "bot", "wait": True}), "start": ("start", {}), "reload": ("reload", {})}
        op, fields = asked.get(operation, ("restart", {"reason": reason, "wait": True, "ticket": {"n": self._number}}))
        under_way = Operation(op, fields, self.it.socket)
        under_way.begin()
        return under_way

    def _kill(self, victim: str) -> None:
        if victim in ("life", "both"):
            self._signal_life(signal.SIGKILL)
        if victim in ("supervisor", "both") and self.it.process is not None:
            self.it.kill()

    def _signal_life(self, number: signal.Signals) -> None:
        """Send a signal to the life itself, and leave what it has started to the supervisor."""
        if living := sorted(self._living()):
            try:
                os.kill(living[0], number)
            except ProcessLookupError:
                return  # it has just ended

    def _revive(self, *, keep_wishes: bool) -> None:
        """Have a supervisor again, if there is none; before, look at what the journal says is under way."""
        assert self.it.process is not None
        if self.it.process.poll() is None:
            return
        self._owed = [last["restart"]["reason"] for last in self._journal() if last["restart"]]
        self.it.start(*(["--keep-desired", "yes"] if keep_wishes else []), wait=False)

    def _settle(self) -> None:
        """Have the bot up again, whatever it was wished to be."""
        deadline_s = time.monotonic() + 2 * PATIENCE_S
        while True:
            try:
                with self.it.client() as client:
                    client.request("start", timeout_s=PATIENCE_S)
                    self._await_running(client)
                return
            except (ControlError, OSError) as error:
                # one that was just begun has not opened its door yet
                if time.monotonic() > deadline_s:
                    raise Violation(f"the bot does not come up again: {error}; {self.it.log()[-2000:]}") from error
                time.sleep(0.005)

    def _await_running(self, client: Client) -> None:
        happened = client.events(timeout_s=PATIENCE_S)
        while True:
            with self.it.client() as other:
                one = other.request("status", timeout_s=PATIENCE_S)["programs"][0]
            if (one["state"], one["restart"], one["linked"]) == ("RUNNING", None, True):
                return
            if one["state"] in ("BACKOFF", "FATAL", "STOPPED"):
                with self.it.client() as other:
                    other.request("start", timeout_s=PATIENCE_S)
            next(happened)

    # --- what must hold ---

    def _check(self) -> None:
        self._check_files()
        self._check_one_lives()
        reasons = [json.loads(line)["reason"] for line in (self.it.state / "history.jsonl").read_text().splitlines()]
        if missing := [reason for reason in self._owed if reason not in reasons]:
            raise Violation(f"the restarts {missing} were under way, and the history knows nothing of them")

    def _check_one_lives(self) -> None:
        """One life and what it has started, and nothing else; what was just killed may take a moment to be gone."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            self._settle()
            shown, living = self.it.status()["bot"], self._living()
            if shown["pid"] in living and {*living.values()} == {shown["life"]}:
                break
            if time.monotonic() > deadline_s:
                raise Violation(f"the bot is {shown['pid']} of life {shown['life']}, and there are {living}")
        numbers = self._read("lives").split()
        if int(numbers[-1]) != shown["life"]:
            raise Violation(f"the last life was {numbers[-1]}, not {shown['life']}")

    def _check_answer(self, under_way: Operation) -> None:
        """Check that every accepted request took effect and is in the history."""
        report = under_way.answer.get("report")
        if report is None:
            return
        kept = [one for one in self.it.history() if one["reason"] == report["reason"]]
        if report not in kept:
            raise Violation(f"answered {report}; the history has {kept}")

    def _check_files(self) -> None:
        if found := self._read("violations"):
            raise Violation(found.strip())
        numbers = [int(number) for number in self._read("lives").split()]
        if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
            raise Violation(f"numbers of lives: {numbers[-10:]}")
        for directory in (self.it.state / "cache" / "bot").glob("temp-*"):
            life = directory.name.removeprefix("temp-")
            if strangers := [path.name for path in directory.iterdir() if path.name != f"of-{life}"]:
                raise Violation(f"in the cache of life {life}: {strangers}")
        self._journal()

    def _journal(self) -> list[dict[str, Any]]:
        """Return the last line about each program; every line must be one."""
        last: dict[str, dict[str, Any]] = {}
        for line in (self.it.state / "journal.jsonl").read_bytes().splitlines():
            record = json.loads(line)
            last[record["name"]] = record
        return list(last.values())

    # --- small things ---

    def _living(self) -> dict[int, int]:
        """Return the processes of lives, as the system shows them: pid to number of the life."""
        mark = f"STOCKSUP_SOCKET={self.it.socket}".encode()
        found = {}
        for name in os.listdir("/proc"):
            try:
                words = Path(f"/proc/{name}/environ").read_bytes().split(b"\0") if name.isdigit() else []
            except OSError:
                continue  # it has just ended, or is none of ours
            numbers = [int(word.partition(b"=")[2]) for word in words if word.startswith(b"STOCKSUP_LIFE=")]
            if mark in words and numbers:
                found[int(name)] = numbers[0]
        return found

    def _mood(self, mood: str) -> None:
        fresh = self.directory / "mood.new"
        fresh.write_text(mood)
        fresh.replace(self.directory / "mood")

    def _read(self, name: str) -> str:
        path = self.directory / name
        return path.read_text() if path.exists() else ""


def rage(directory: Path, seed: int, count: int, say: Callable[[str], None]) -> None:
    """Do `count` rounds. Raises Violation; what it says is enough to do it again."""
    chaos = Chaos(directory)
    began_s = time.monotonic()
    try:
        chaos.run(rounds(seed, count))
    except Violation as error:
        replay = f"python -m tests.support.chaos.rounds --seed {seed} --rounds {count}"
        raise Violation(f"seed {seed}, {error}\ndo it again: {replay}\n{chaos.it.log()[-3000:]}") from error
    finally:
        chaos.clean()
    say(f"seed {seed}: {count} rounds in {time.monotonic() - began_s:.0f} s, all held")
    for outcome, times in sorted(chaos.outcomes.items()):
        say(f"  {outcome}: {times}")


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.chaos.rounds", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: any")
    parser.add_argument("--rounds", type=int, default=3000, metavar="N", help="default: %(default)s")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="stocksup-chaos-") as name:
        try:
            rage(Path(name) / "shop", given.seed, given.rounds, print)
        except Violation as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
