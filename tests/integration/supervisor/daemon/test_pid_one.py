"""The supervisor as process 1, as in a container: a PID namespace of its own, real processes."""

from __future__ import annotations

import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from supervisor.client import Client
from tests.support.python_process import ROOT
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, program

#: leaves a process behind that only process 1 can reap: its parent has exited before it ends
ORPHANS = "import os, sys; os.fork() or (os.fork() or os._exit(0), os._exit(0)); os.wait(); print('done', flush=True)"


@pytest.fixture
def contained(tmp_path: Path) -> Iterator[tuple[Supervised, psutil.Process]]:
    """A supervisor that is process 1, and its process as seen from outside."""
    it = Supervised(tmp_path, {"bot": program(), "orphans": program("link=no", ready=0.1, drain=False)})
    words = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child", sys.executable, "-m", "supervisor.cli"]
    command = [*words, "--config", str(it.config), "start", "--foreground"]
    if subprocess.run(["unshare", "--fork", "--pid", "--mount-proc", "true"], check=False).returncode:
        pytest.skip("only root, or who may make user namespaces, can be process 1 of a namespace")
    with subprocess.Popen(command, env=it.environ(), cwd=ROOT, stderr=subprocess.PIPE) as outside:
        assert outside.stderr is not None
        while b"bot: RUNNING" not in outside.stderr.readline():
            assert outside.poll() is None
        (inside,) = psutil.Process(outside.pid).children()
        yield it, inside
        # a test may have ended it already
        with suppress(psutil.NoSuchProcess):
            inside.kill()
        outside.communicate(timeout=PATIENCE_S)


def test_stop_as_process_one(contained: tuple[Supervised, psutil.Process]) -> None:
    it, inside = contained
    with Client(it.socket) as client:
        assert client.request("ping", timeout_s=PATIENCE_S)["pid"] == 1
        report = client.request("restart", program="bot", wait=True, timeout_s=PATIENCE_S)["report"]
        assert report["ok"]
    lives = inside.children(recursive=True)
    inside.terminate()
    inside.wait(PATIENCE_S)
    assert not any(one.is_running() for one in lives)
    assert not it.socket.exists()


def test_orphans_are_reaped(contained: tuple[Supervised, psutil.Process]) -> None:
    it, inside = contained
    # a process of the namespace whose own child is left to process 1
    command = ["nsenter", "--target", str(inside.pid), "--pid", sys.executable, "-c", ORPHANS]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        assert select.select([stranger.stdout], [], [], PATIENCE_S)[0]
        assert stranger.stdout.readline() == b"done\n"
    deadline_s = time.monotonic() + PATIENCE_S
    with Client(it.socket) as client:
        # SIGCHLD may arrive after the answer to a first ping
        while [one for one in inside.children() if one.status() == psutil.STATUS_ZOMBIE]:
            assert time.monotonic() < deadline_s, "a zombie stays"
            client.request("ping", timeout_s=PATIENCE_S)
