"""The programs that keep a child running: stocksup, supervisord, circus, a bare loop, or nothing at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.common import peers
from bench.common.environment import ROOT, terminate

_LOOP: Final = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
while True:
    with subprocess.Popen(sys.argv[1:], start_new_session=True) as child:
        try:
            child.wait()
        finally:
            child.terminate()
"""


class Supervisor:
    """One running supervisor; everything of it is in `directory`."""

    def __init__(self, name: str, directory: Path, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.name = name
        self.directory = directory
        self.environ = environ
        self._command = command
        self.start()

    def start(self) -> None:
        """Start it."""
        with (self.directory / "supervisor.out").open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def stop(self) -> None:
        """Stop it, and its child."""
        terminate(self.process)


#: arguments: directory, command of the child, environment
Starter = Callable[[Path, Sequence[str], Mapping[str, str]], Supervisor]


def start_stocksup(directory: Path, child: Sequence[str], environ: Mapping[str, str]) -> Supervisor:
    """Start stocksup's supervisor with `config.toml` in `directory`, which names the child."""
    command = (sys.executable, "-P", "-m", "supervisor", "--config", str(directory / "config.toml"))
    return Supervisor("stocksup", directory, command, environ)


def start_supervisord(directory: Path, child: Sequence[str], environ: Mapping[str, str]) -> Supervisor:
    """Start supervisord with its defaults."""
    config, socket = directory / "supervisord.conf", f"{directory}/supervisor.sock"
    config.write_text(
        f"[unix_http_server]\nfile={socket}\n[supervisorctl]\nserverurl=unix://{socket}\n"
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
        f"[supervisord]\nlogfile={directory}/log\npidfile={directory}/pid\n"
        f"[program:bot]\ncommand={' '.join(child)}\ndirectory={ROOT}\n"
    )
    command = (f"{install_supervisors()}/supervisord", "--nodaemon", "-c", str(config))
    return Supervisor("supervisord", directory, command, environ)


def start_circus(directory: Path, child: Sequence[str], environ: Mapping[str, str]) -> Supervisor:
    """Start circusd with its defaults."""
    config = directory / "circus.ini"
    config.write_text(
        f"[circus]\nendpoint = ipc://{directory}/endpoint\npubsub_endpoint = ipc://{directory}/pubsub\n"
        f"[watcher:bot]\ncmd = {child[0]}\nargs = {' '.join(child[1:])}\ncopy_env = True\n"
    )
    return Supervisor("circus", directory, (f"{install_supervisors()}/circusd", str(config)), environ)


def start_loop(directory: Path, child: Sequence[str], environ: Mapping[str, str]) -> Supervisor:
    """Start a loop that starts the child again, which is the least that a supervisor can do."""
    return Supervisor("bare loop", directory, (sys.executable, "-c", _LOOP, *child), environ)


def install_supervisors() -> str:
    """Return the directory of the commands of supervisord and circus. Raises CannotMeasure."""
    return peers.install("supervisors", peers.SUPERVISORS)


STARTERS: Final[tuple[Starter, ...]] = (start_stocksup, start_loop, start_supervisord, start_circus)
