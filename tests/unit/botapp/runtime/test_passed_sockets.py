"""Sockets that were passed to this process, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.python_process import ROOT

_TAKE = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
os.dup2(listener.fileno(), 3)
os.environ.update(LISTEN_PID=sys.argv[1].replace("own", str(os.getpid())), LISTEN_FDS=sys.argv[2], LISTEN_FDNAMES="bot")
from botapp.runtime import passed_sockets
print([(one.fileno(), one.getsockname() == listener.getsockname(), one.get_inheritable()) for one in
    passed_sockets.take()], [name for name in os.environ if name.startswith("LISTEN_")])
os._exit(0)
"""


@pytest.mark.parametrize(
    ("pid", "count", "expected"),
    [("own", "1", "[(3, True, False)] []"), ("1", "1", "[] []"), ("own", "x", "[] []"), ("own", "", "[] []")],
)
def test_sockets_are_taken_once_and_not_passed_on(pid: str, count: str, expected: str) -> None:
    command = [sys.executable, "-u", "-c", _TAKE, pid, count]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected
