"""A real supervisor for a test, with programs of `tests.support.supervisor.programs`, below a directory of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

from supervisor.client import Client, ControlError
from tests.support import python_process
from tests.support.python_process import ROOT, Process

#: nothing here takes long; what takes this long hangs
PATIENCE_S = 20.0

Json = dict[str, Any]
T = TypeVar("T")


def program(*words: str, **settings: Any) -> Json:
    """Return the table of a program that behaves as `words` say."""
    return {"command": ["python", "-m", "tests.support.supervisor.programs", *words], "stop_timeout_s": 5, **settings}


def check(code: str) -> list[str]:
    """Return a check that runs a line of Python."""
    return ["python", "-c", code]


class Diary:
    """What lives tell, in the order in which they told it."""

    def __init__(self, path: Path) -> None:
        """Make the FIFO at `path`."""
        os.mkfifo(path, 0o600)
        # open for writing too, so that a moment without writers is not the end
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""
        self._lines: list[Json] = []

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)

    def all_lines(self) -> list[Json]:
        """Return all that has been told so far."""
        while self._read(0):
            continue
        return self._lines

    def all(self, what: str, **fields: Any) -> list[Json]:
        """Return the lines of that kind that have been told so far."""
        return [line for line in self.all_lines() if _fits(line, {"what": what, **fields})]

    def wait(self, what: str, *, count: int = 1, **fields: Any) -> Json:
        """Return the first line of that kind; wait until `count` of them have been told."""
        deadline_s = time.monotonic() + PATIENCE_S
        while len(found := self.all(what, **fields)) < count:
            assert self._read(deadline_s - time.monotonic()), f"no report of {what} {fields}: {self._lines}"
        return found[0]

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._fd], [], [], max(0.0, timeout_s))[0]:
            return False
        *lines, self._rest = (self._rest + os.read(self._fd, 65536)).split(b"\n")
        self._lines += map(json.loads, lines)
        return True


def wait_gone(pid: int) -> None:
    """Wait until the process has ended."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([fd], [], [], PATIENCE_S)[0], f"process {pid} does not end"
    finally:
        os.close(fd)


def _fits(line: Json, wanted: Json) -> bool:
    return all(line.get(key) == value for key, value in wanted.items())


class Supervised:
    """One supervisor and its directory."""

    def __init__(self, directory: Path, programs: Mapping[str, Json], **tables: Any) -> None:
        """Write the configuration; `tables` are its other tables."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.config = directory / "config.toml"
        self.state = directory / "state"
        self.socket = self.state / "stocksup.sock"
        self.diary = Diary(directory / "diary")
        self.process: Process | None = None
        #: variables for `tests.support.supervisor.fault_points`; without any the supervisor is run as it is
        self.faults: Mapping[str, object] = {}
        self.configure(programs, **tables)

    def configure(self, programs: Mapping[str, Json], **tables: Any) -> None:
        """Rewrite the configuration."""
        lines = ['language = "en"']
        for name, table in {**tables, **{f"programs.{name}": one for name, one in programs.items()}}.items():
            lines += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
        self.config.write_text("\n".join(lines) + "\n")

    # --- the supervisor's process ---

    def start(self, *words: str, environ: Mapping[str, str] | None = None, wait: bool = True, **options: Any) -> None:
        """Start a supervisor and wait until its door is open and, with `wait`, until every program is RUNNING."""
        reader, writer = os.pipe()
        self.process = self.launch("--report-fd", str(writer), *words, pass_fds=(writer,), environ=environ, **options)
        os.close(writer)
        with open(reader) as report:
            answer = json.loads(report.readline())
        assert answer["ok"], answer
        if wait:
            self.wait(lambda status: all(one["state"] == "RUNNING" for one in status.values()))

    def launch(self, *words: str, environ: Mapping[str, str] | None = None, **options: Any) -> Process:
        """Run `python -m supervisor` on this directory; `options` are those of `python_process.start`."""
        module = "tests.support.supervisor.fault_points" if self.faults else "supervisor"
        words = ("--config", str(self.config), *words)
        return python_process.start(module, *words, env=self.environ(environ), cwd=self.directory, **options)

    def environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of the supervisor."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("STOCKSUP")}
        return {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "DIARY": str(self.directory / "diary"),
            **{name: str(value) for name, value in self.faults.items()},
            **(more or {}),
        }

    def command(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the CLI on this directory."""
        inherited = {
            key: value for key, value in self.environ().items() if key not in ("NOTIFY_SOCKET", "INVOCATION_ID")
        }
        return python_process.run(
            "supervisor.cli", "--config", str(self.config), *words,
            env={**inherited, **environ}, cwd=self.directory, timeout_s=PATIENCE_S,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The pid of the supervisor."""
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """Kill the supervisor; its programs go on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def shut_down(self) -> int:
        """Have everything ended; return the supervisor's exit code."""
        assert self.process is not None
        refusal = self.refused("shutdown", wait=True)
        assert refusal.code == "closed", refusal
        return self.process.wait(PATIENCE_S)

    def signal(self, number: signal.Signals) -> int:
        """Send the supervisor a signal that ends it; return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def left(self) -> dict[int, str]:
        """Return the processes of lives that exist: pid to command."""
        mark = str(self.socket)
        found = {}
        for process in psutil.process_iter():
            try:
                if process.environ().get("STOCKSUP_SOCKET") == mark and process.status() != psutil.STATUS_ZOMBIE:
                    found[process.pid] = " ".join(process.cmdline())
            except psutil.Error:
                continue  # it has just ended, or is none of ours
        return found

    def end(self) -> None:
        """Have everything ended and make sure that it has."""
        if self.process is not None and self.process.poll() is None:
            assert self.shut_down() == 0
            assert not self.socket.exists()
        assert self.left() == {}

    def clean(self) -> None:
        """End by force whatever is left."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        for _ in range(5):
            for pid in self.left():
                psutil.Process(pid).kill()
        self.diary.close()

    # --- control socket ---

    def client(self) -> Client:
        """Return a new connection to the control socket."""
        return Client(self.socket)

    def ask(self, op: str, **fields: Any) -> Json:
        """Ask the supervisor."""
        with self.client() as client:
            return client.request(op, timeout_s=PATIENCE_S, **fields)

    def refused(self, op: str, **fields: Any) -> ControlError:
        """Return the error that a request is refused with."""
        try:
            answer = self.ask(op, **fields)
        except ControlError as error:
            return error
        raise AssertionError(f"{op} was granted: {answer}")

    def restart(self, name: str = "bot", **fields: Any) -> Json:
        """Restart a program, wait until it is ready, and return the report."""
        report: Json = self.ask("restart", program=name, wait=True, **fields)["report"]
        return report

    def status(self) -> dict[str, Json]:
        """Return what `status` says, by program."""
        return {one["name"]: one for one in self.ask("status")["programs"]}

    def wait(self, there: Callable[[dict[str, Json]], T]) -> T:
        """Return what `there` makes of the status once that is true; asked now and at every event."""
        with self.client() as listener:
            happened = listener.events(timeout_s=PATIENCE_S)
            while not (result := there(self.status())):
                try:
                    next(happened)
                except ControlError as error:
                    raise AssertionError(f"{error}; the status is {self.status()}") from error
            return result

    def wait_state(self, state: str, name: str = "bot", *, life: int | None = None) -> Json:
        """Wait until a program is in `state`, with life `life` if that is given, and return its status."""

        def there(status: dict[str, Json]) -> Json | None:
            one = status[name]
            return one if one["state"] == state and life in (None, one["life"]) else None

        found = self.wait(there)
        assert found is not None
        return found

    def history(self) -> list[Json]:
        """Return the restarts, newest first."""
        found: list[Json] = self.ask("history")["history"]
        return found

    def log(self, name: str = "supervisor") -> str:
        """Return the log of the supervisor or of a program."""
        return (self.state / "logs" / f"{name}.log").read_text()


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def supervised(directory: Path, programs: Mapping[str, Json], **tables: Any) -> Iterator[Supervised]:
    """Give a test a supervisor, not started yet. Whatever is left at the end is a failure."""
    one = Supervised(directory, programs, **tables)
    try:
        yield one
        one.end()
    except BaseException:
        for log in sorted(one.state.glob("logs/*.log")):
            sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}\n")
        raise
    finally:
        one.clean()


def bot(directory: Path, *words: str, cache: Json | None = None, logs: Json | None = None, **settings: Any) -> Any:
    """Give a test a supervisor with the one program `bot`."""
    tables = {name: table for name, table in (("cache", cache), ("logs", logs)) if table}
    return supervised(directory, {"bot": program(*words, **settings)}, **tables)
