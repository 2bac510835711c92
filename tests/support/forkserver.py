"""Fork Python programs for tests from one process that has already imported what they import.

`python -m tests.support.forkserver FD` takes requests from the socket FD; `tests.support.python_process` sends them.
Imports are most of the processor time of a short process: a bot that is forked takes a tenth of it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
from typing import Any, Final, NoReturn

#: what programs import, except modules whose texts are chosen by the language at import time
PRELOADED: Final = (
    "botapp.bot",
    "botapp.local_discord.server",
    "botapp.shop",
    "botapp.startup",
    "click",
    "concurrent.futures.thread",
    "psutil",
    "supervisor.client",
    "supervisor.daemon.runner",
    "tomlkit",
    "uuid",
)
#: the longest request: module, arguments, environment
MAX_REQUEST_BYTES: Final = 2**17
MAX_FDS: Final = 16
#: above every descriptor that a request may name
_FIRST_SPARE_FD: Final = 512

_exit_code = 0
_exit_signal: int | None = None


def main() -> None:
    """Serve until the other side closes the socket, or become the program of a request."""
    # registered first, so it runs last
    atexit.register(_leave)
    connection = socket.socket(fileno=int(sys.argv[1]))
    for name in PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child would copy all pages
    if (request := _serve(connection)) is not None:
        _run(request["module"])


def _serve(connection: socket.socket) -> dict[str, Any] | None:
    """Fork for every request; return the request in the child, and None in the server when no more come."""
    statuses: dict[int, tuple[int, socket.socket]] = {}
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd != connection.fileno():
                poll.unregister(fd)
                os.close(fd)
                _report_exit(*statuses.pop(fd))
                continue
            data, fds, _, _ = socket.recv_fds(connection, MAX_REQUEST_BYTES, MAX_FDS)
            if not data:
                return None
            request = json.loads(data)
            pid = os.fork()
            if pid == 0:
                _enter(request, fds)
                return dict(request)
            status, *others = fds
            for other in others:
                os.close(other)
            pidfd = os.pidfd_open(pid)
            statuses[pidfd] = (pid, socket.socket(fileno=status))
            poll.register(pidfd, select.POLLIN)
            _tell(statuses[pidfd][1], pid)


def _report_exit(pid: int, status: socket.socket) -> None:
    _, exit_status = os.waitpid(pid, 0)
    with status:
        _tell(status, os.waitstatus_to_exitcode(exit_status))


def _tell(status: socket.socket, number: int) -> None:
    try:
        status.send(str(number).encode())
    except BrokenPipeError:
        return  # the test has ended


def _enter(request: dict[str, Any], fds: list[int]) -> None:
    """Give this forked process the descriptors, directory, environment and arguments of the request."""
    import fcntl

    given = [fcntl.fcntl(fd, fcntl.F_DUPFD, _FIRST_SPARE_FD) for fd in fds[1:]]
    os.closerange(3, _FIRST_SPARE_FD)
    for fd, number in zip(given, [0, 1, 2, *request["pass_fds"]], strict=True):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.orig_argv = [sys.executable, "-m", request["module"], *request["arguments"]]
    sys.argv = ["", *request["arguments"]]
    sys.path[0] = request["cwd"]
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = sys.__stdin__ = _open(0, "r", errors="strict")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _open(1, "w", errors="strict", write_through=unbuffered)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _open(2, "w", errors="backslashreplace", write_through=True)  # type: ignore[misc]


def _open(fd: int, mode: str, *, errors: str, write_through: bool = False) -> io.TextIOWrapper:
    """Return a standard stream as the interpreter opens it."""
    raw = io.FileIO(fd, mode, closefd=False)
    binary = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    return io.TextIOWrapper(
        binary,
        encoding="utf-8",
        errors=errors,
        line_buffering=write_through or os.isatty(fd),
        write_through=write_through,
    )


def _run(module: str) -> None:
    """Run the module as `python -m` does, and remember how the interpreter would exit."""
    global _exit_code, _exit_signal
    try:
        _exit_code = 1  # of an exception, which the interpreter shows
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        _exit_code = 0
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        _exit_code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except KeyboardInterrupt:
        _exit_signal = signal.SIGINT


def _leave() -> NoReturn:
    """End the process without taking its modules apart, which would copy all pages."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if _exit_signal is not None:
        signal.signal(_exit_signal, signal.SIG_DFL)
        os.kill(os.getpid(), _exit_signal)
    os._exit(_exit_code)


if __name__ == "__main__":
    main()
