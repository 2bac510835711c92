"""A `systemctl` for tests: records how it was called, and starts and stops services as far as our commands notice.

It never speaks with a service manager. A directory holds all of it: `calls` (a line of JSON each), `gone` (if it is
there, no systemd runs here), `forbidden` (if it is there, nothing may be changed), `unwilling` (if it is there, nothing
can be enabled), `loaded` (a file that a service
was read from), `units` (where the units are), `pid` and `told` of the service that runs, and the last `exit` code.
"""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

#: nothing here takes long; what takes this long hangs
PATIENCE_S = 30.0


def install(directory: Path, units: Path) -> Path:
    """Make one that works in `directory` on the units in `units`; return the directory to put first in $PATH."""
    (directory / "bin").mkdir(parents=True)
    (directory / "units").write_text(str(units))
    script = directory / "bin" / "systemctl"
    root = Path(__file__).resolve().parents[3]
    script.write_text(
        f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(root))} exec {shlex.quote(sys.executable)} "
        f'-m tests.support.supervisor.fake_systemctl {shlex.quote(str(directory))} "$@"\n'
    )
    script.chmod(0o755)
    return directory / "bin"


def calls(directory: Path) -> list[list[str]]:
    """Return the words of each call so far."""
    file = directory / "calls"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def changes(directory: Path) -> list[list[str]]:
    """Return the calls that change something, without the `--user` before."""
    asking = ("show", "is-active")
    found = [[word for word in call if word != "--user"] for call in calls(directory)]
    return [call for call in found if call[0] not in asking]


class Fake:
    """One call."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.pid_file = directory / "pid"

    def run(self, words: list[str]) -> int:
        """Do what `words` say; return the exit code."""
        with (self.directory / "calls").open("a") as file:
            file.write(json.dumps(words) + "\n")
        if (self.directory / "gone").exists():
            sys.stderr.write("System has not been booted with systemd as init system (PID 1). Can't operate.\n")
            return 1
        words = [word for word in words if word != "--user"]
        match words:
            case ["show", "--property=Version"]:
                print("Version=252")
            case ["show", "--property=FragmentPath", _]:
                loaded = self.directory / "loaded"
                print(f"FragmentPath={loaded.read_text() if loaded.exists() else ''}")
            case ["show", "--property=ExecMainStatus", _]:
                print(f"ExecMainStatus={self._exit_code()}")
            case ["is-active", _]:
                print("active" if self._runs() else "inactive")
                return 0 if self._runs() else 3
            case _ if (self.directory / "forbidden").exists():
                sys.stderr.write("Failed to do that: Interactive authentication required.\n")
                return 1
            case ["enable", *_] if (self.directory / "unwilling").exists():
                sys.stderr.write("Failed to enable unit.\n")
                return 1
            case ["enable", "--now", name] | ["start", name]:
                return 0 if self._runs() else self._start(name)
            case ["disable", "--now", _] | ["stop", _]:
                self._stop()
            case ["restart", name]:
                self._stop()
                return self._start(name)
            case ["daemon-reload"]:
                return 0
            case _:
                raise AssertionError(words)
        return 0

    def _runs(self) -> bool:
        return self.pid_file.exists() and Path("/proc", self.pid_file.read_text(), "exe").exists()

    def _start(self, name: str) -> int:
        """Run ExecStart with a notify socket, and return when it says that it is ready, as Type=notify does."""
        text = (Path((self.directory / "units").read_text()) / name).read_text()
        line = next(line for line in text.splitlines() if line.startswith("ExecStart=:"))
        command = [word.replace("%%", "%") for word in shlex.split(line.removeprefix("ExecStart=:"))]
        address = self.directory / "notify"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(address))
            ended = os.pidfd_open(self._spawn(command, address))
            readable, _, _ = select.select([listener.fileno(), ended], [], [], PATIENCE_S)
            told = listener.recv(65536).decode() if listener.fileno() in readable else ""
            (self.directory / "told").write_text(told)
            if "READY=1" in told:
                return 0
        sys.stderr.write(f"Job for {name} failed because the control process exited with error code.\n")
        return 1

    def _spawn(self, command: list[str], address: Path) -> int:
        """Start the service below a process that keeps its exit code; return the pid."""
        reader, writer = os.pipe()
        (self.directory / "exit").unlink(missing_ok=True)
        if os.fork() == 0:
            os.setsid()
            output = os.open(self.directory / "output", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            for fd, target in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
                os.dup2(fd, target)
            environ = {**os.environ, "NOTIFY_SOCKET": str(address)}
            process = subprocess.Popen(command, cwd="/", env=environ, start_new_session=True)
            self.pid_file.write_text(str(process.pid))
            os.write(writer, b"!")
            os.close(writer)
            code = process.wait()
            (self.directory / "exit.new").write_text(str(code))
            (self.directory / "exit.new").replace(self.directory / "exit")
            os._exit(0)
        os.close(writer)
        assert os.read(reader, 1) == b"!"
        os.close(reader)
        return int(self.pid_file.read_text())

    def _exit_code(self) -> int:
        """Return the exit code of the process that has ended, once its keeper has written it; 0 before it has."""
        file, deadline_s = self.directory / "exit", time.monotonic() + PATIENCE_S
        while self.pid_file.exists() and not self._runs() and not file.exists():
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        return int(file.read_text()) if file.exists() else 0

    def _stop(self) -> None:
        if not self._runs():
            return
        pid = int(self.pid_file.read_text())
        ended = os.pidfd_open(pid)
        os.kill(pid, signal.SIGTERM)
        assert select.select([ended], [], [], PATIENCE_S)[0]


if __name__ == "__main__":
    sys.exit(Fake(Path(sys.argv[1])).run(sys.argv[2:]))
