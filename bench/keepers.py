"""Who keeps one program running: stocksup, a bare loop, supervisord, circus; each with the same child."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Final

from bench.stage import CannotMeasure, clean_environ, end

ROOT: Final = Path(__file__).resolve().parent.parent
CHILD: Final = (sys.executable, "-I", "-S", str(ROOT / "bench" / "night_child.py"))
#: how long a line may be awaited, in seconds
PATIENCE_S: Final = 30.0


class Lines:
    """What the child says, and when."""

    def __init__(self, path: Path) -> None:
        """Make the FIFO at `path`."""
        os.mkfifo(path, 0o600)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""
        self._lines: list[bytes] = []

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)

    def forget(self) -> None:
        """Pass over what was said so far."""
        while select.select([self._fd], [], [], 0)[0]:
            os.read(self._fd, 65536)
        self._rest, self._lines = b"", []

    def wait(self, what: bytes) -> tuple[int, float]:
        """Return the pid of whoever next says `what`, and when that was heard. Raises CannotMeasure."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            while self._lines:
                word, _, pid = self._lines.pop(0).partition(b" ")
                if word == what:
                    return int(pid), time.monotonic()
            if not select.select([self._fd], [], [], max(0.0, deadline_s - time.monotonic()))[0]:
                raise CannotMeasure(f"nobody said {what.decode()!r}")
            *lines, self._rest = (self._rest + os.read(self._fd, 65536)).split(b"\n")
            self._lines += lines


class Keeper(ABC):
    """One of those who keep the child running. Use it as a context manager."""

    name: str
    #: how long a life has to have been there so that its end is one like every other, in seconds
    settle_s = 1.5

    def __init__(self, directory: Path, **environ: str) -> None:
        """Everything of it is below `directory`; the child gets `environ` as well."""
        directory.mkdir()
        self.directory = directory
        self.lines = Lines(directory / "lines")
        self.environ = {**clean_environ(), "BENCH_LINES": str(self.lines.path), **environ}
        self.environ.pop("PYTHONPATH", None)  # the peer has a package `supervisor` too
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Keeper:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            end(self.process)
        self.lines.close()

    def begin(self) -> None:
        """Start it."""
        with (self.directory / "keeper.log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), env=self.environ, stdout=log, stderr=log, cwd=ROOT)

    @property
    def pid(self) -> int:
        """Its pid."""
        assert self.process is not None
        return self.process.pid

    @abstractmethod
    def command(self) -> list[str]:
        """Write what it needs and return its command."""


class Stocksup(Keeper):
    """The supervisor, as `stocksup start` runs it."""

    name = "stocksup"

    @property
    def socket(self) -> Path:
        """Its door."""
        return self.directory / "state" / "stocksup.sock"

    def command(self) -> list[str]:
        """Without the link a child counts as ready at once; a crash is forgotten before the next one."""
        config = self.directory / "config.toml"
        ready = '"notify"' if "BENCH_LINK" in self.environ else "0.1"
        command = ", ".join(f'"{word}"' for word in CHILD)
        config.write_text(
            f"[programs.bot]\ncommand = [{command}]\nready = {ready}\nmax_starts_per_day = 0\n"
            f"max_crashes = 0\ncrash_window_s = 1\n"
        )
        return [sys.executable, "-P", "-m", "supervisor", "--config", str(config)]


class Loop(Keeper):
    """`while True: run it`, which is the least that can be done."""

    name = "bare loop"

    def command(self) -> list[str]:
        """Return the loop."""
        code = "import subprocess, sys\nwhile True:\n    subprocess.Popen(sys.argv[1:], start_new_session=True).wait()"
        return [sys.executable, "-c", code, *CHILD]


class Supervisord(Keeper):
    """supervisord with its defaults."""

    name = "supervisord"

    def __init__(self, directory: Path, peer_bin: Path) -> None:
        super().__init__(directory)
        self._bin = peer_bin

    def command(self) -> list[str]:
        """Write its configuration and return its command."""
        config = self.directory / "supervisord.conf"
        config.write_text(
            f"[supervisord]\nlogfile={self.directory}/log\npidfile={self.directory}/pid\n"
            f"[program:bot]\ncommand={' '.join(CHILD)}\n"
        )
        return [str(self._bin / "supervisord"), "--nodaemon", "-c", str(config)]


class Circus(Keeper):
    """circusd with its defaults."""

    name = "circus"

    def __init__(self, directory: Path, peer_bin: Path) -> None:
        super().__init__(directory)
        self._bin = peer_bin

    def command(self) -> list[str]:
        """Write its configuration and return its command."""
        config = self.directory / "circus.ini"
        sockets = "\n".join(f"{name} = ipc://{self.directory}/{name}" for name in ("endpoint", "pubsub_endpoint"))
        config.write_text(
            f"[circus]\n{sockets}\n[watcher:bot]\ncmd = {CHILD[0]}\nargs = {' '.join(CHILD[1:])}\ncopy_env = True\n"
        )
        return [str(self._bin / "circusd"), str(config)]
