"""Python programs as processes of their own: forked from a process with their imports where that makes no difference.

`start` and `run` take what `subprocess` takes. A program is forked (see `tests.support.forkserver`) unless its
environment reaches the interpreter itself: another PYTHONPATH, another time zone. What is different about a forked one:
/proc shows the command line and the first environment of the server, memory is shared, and all modules are imported.
A test that looks at one of these passes `fork=False`.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from tests.support.forkserver import MAX_REQUEST_BYTES

ROOT: Final = Path(__file__).resolve().parents[2]
#: variables that the interpreter reads at its start but that a forked process may differ in
_HARMLESS: Final = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH"}


class ForkedProcess:
    """A process of the fork server, used as `subprocess.Popen` is."""

    def __init__(self, status: socket.socket, pipes: Mapping[str, int], *, text: bool) -> None:
        self._status = status
        self.returncode: int | None = None
        number = status.recv(32)
        assert number, "the fork server has ended"
        self.pid = int(number)
        files: dict[str, IO[Any]] = {name: io.BufferedReader(io.FileIO(fd)) for name, fd in pipes.items()}
        if text:
            files = {name: io.TextIOWrapper(file, encoding="utf-8") for name, file in files.items()}
        self.stdout: IO[Any] | None = files.get("stdout")
        self.stderr: IO[Any] | None = files.get("stderr")

    def __enter__(self) -> ForkedProcess:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once the process has ended. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            number = self._status.recv(32)
            assert number, "the fork server has ended"
            self.returncode = int(number)
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[Any, Any]:
        """Return all output once the process has ended. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        deadline_s = None if timeout is None else time.monotonic() + timeout
        streams = [stream for stream in (self.stdout, self.stderr) if stream is not None]
        received = {stream.fileno(): bytearray() for stream in streams}
        open_fds = set(received)
        while open_fds:
            ready = select.select(open_fds, [], [], _left_s(deadline_s))[0]
            if not ready:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            for fd in ready:
                data = os.read(fd, 65536)
                received[fd] += data
                if not data:
                    open_fds.remove(fd)
        self.wait(_left_s(deadline_s))
        return self._decode(self.stdout, received), self._decode(self.stderr, received)

    @staticmethod
    def _decode(stream: IO[Any] | None, received: Mapping[int, bytearray]) -> Any:
        if stream is None:
            return None
        data = bytes(received[stream.fileno()])
        is_text = getattr(stream, "encoding", None) is not None
        return data.decode().replace("\r\n", "\n") if is_text else data


def _left_s(deadline_s: float | None) -> float | None:
    return None if deadline_s is None else max(0.0, deadline_s - time.monotonic())


#: a process that runs a Python program
Process = ForkedProcess | subprocess.Popen[Any]


def start(
    module: str,
    *arguments: str,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | IO[Any] | None = None,
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
    pass_fds: Sequence[int] = (),
    text: bool = False,
    fork: bool = True,
    **options: Any,
) -> Process:
    """Start `python -m module`. Every other option of subprocess.Popen makes it a process that is not forked."""
    environ = dict(os.environ if env is None else env)
    if not fork or options or not _can_fork(environ):
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(
            command, cwd=cwd, env=environ, stdin=stdin, stdout=stdout, stderr=stderr, pass_fds=pass_fds, text=text,
            **options,
        )  # fmt: skip
    pipes: dict[str, int] = {}
    to_close: list[int] = []
    streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    fds: list[int] = []
    for number, (name, stream) in enumerate(streams.items()):
        if stream == subprocess.PIPE:
            pipes[name], fd = os.pipe()
            to_close.append(fd)
        elif stream == subprocess.DEVNULL:
            fd = os.open(os.devnull, os.O_RDWR)
            to_close.append(fd)
        elif stream == subprocess.STDOUT:
            fd = fds[1]
        elif stream is None:
            fd = number
        else:
            fd = stream if isinstance(stream, int) else stream.fileno()
        fds.append(fd)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = {
        "module": module,
        "arguments": arguments,
        "cwd": str(cwd or os.getcwd()),
        "env": environ,
        "pass_fds": pass_fds,
    }
    with theirs:
        data = json.dumps(request).encode()
        assert len(data) < MAX_REQUEST_BYTES
        socket.send_fds(_connection(), [data], [theirs.fileno(), *fds, *pass_fds])
    for fd in to_close:
        os.close(fd)
    return ForkedProcess(ours, pipes, text=text)


def run(
    module: str,
    *arguments: str,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    input: str = "",
    stdout: int | IO[Any] = subprocess.PIPE,
    stderr: int | IO[Any] = subprocess.PIPE,
    timeout_s: float = 30.0,
    check: bool = False,
    fork: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module`, and return its exit code and output. `input` is short enough for a pipe."""
    reader, writer = os.pipe()
    os.write(writer, input.encode())
    os.close(writer)
    streams: dict[str, Any] = {"stdin": reader, "stdout": stdout, "stderr": stderr}
    process = start(module, *arguments, cwd=cwd, env=env, text=True, fork=fork, **streams)
    os.close(reader)
    with process:
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess([module, *arguments], process.wait(), output, errors)
    if check:
        done.check_returncode()
    return done


def _can_fork(environ: Mapping[str, str]) -> bool:
    """Return whether the interpreter would start the same with this environment as with that of the server."""
    if environ.get("PYTHONPATH", str(ROOT)) != str(ROOT) or environ.get("TZ") != os.environ.get("TZ"):
        return False
    return not any(name.startswith("PYTHON") and name not in _HARMLESS for name in environ)


@functools.cache
def _connection() -> socket.socket:
    """Return the connection to the fork server of this process, which is started once."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forkserver", str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(_end, ours, server)
    return ours


def _end(connection: socket.socket, server: subprocess.Popen[bytes]) -> None:
    connection.close()
    server.wait()
