"""A PostgreSQL server for the tests, in a temporary directory, reached by its Unix socket."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
from psycopg import sql

#: PostgreSQL refuses to run as root; this user exists on every system
_UNPRIVILEGED: Final = "nobody"
#: time limit for starting or stopping the server, in seconds
_PATIENCE_S: Final = 60.0
#: the port in the name of its socket
PORT: Final = 5432


class Postgres:
    """One server. It does not fsync: what a process wrote outlives it, and no test cuts the server's power."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else getpass.getuser()
        self._owner = pwd.getpwnam(self._user) if os.geteuid() == 0 else None
        self._process: subprocess.Popen[str] | None = None
        self._said: list[str] = []
        self._made = 0
        words = ("--no-sync", "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-D", str(self._data))
        self._run("initdb", *words)

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def url(self, database: str, *, port: int = PORT) -> str:
        """Return the `[store] url` of a database."""
        return f"postgresql://shop@/{database}?host={self.directory}&port={port}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        words = [_program("postgres"), "-D", str(self._data), "-k", str(self.directory), "-p", str(PORT)]
        words += ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "unix_socket_permissions=0777"]
        self._process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, **self._as_owner())
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line)
            if "ready to accept connections" in line:
                # later output must not fill the pipe
                threading.Thread(target=self._said.extend, args=(self._process.stderr,), daemon=True).start()
                return
        raise AssertionError("the server ended at once: " + "".join(self._said[-20:]))

    @property
    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._process is not None

    def stop(self) -> None:
        """Stop the server and close its connections."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_PATIENCE_S)
            self._process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Stop every process of the server in this block: it answers nothing, and closes nothing."""
        assert self._process is not None
        of_server = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        for one in of_server:
            one.suspend()
        try:
            yield
        finally:
            for one in of_server:
                one.resume()

    def create(self, template: str = "template0") -> str:
        """Create an empty database, or a copy of `template`; return its name."""
        self._made += 1
        name = f"shop{self._made}"
        order = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        self._order(order)
        return name

    def drop(self, name: str) -> None:
        """Drop a database, even if it has connections."""
        self._order(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _order(self, order: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(order)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [_program(program), *words], capture_output=True, text=True, check=False, timeout=_PATIENCE_S,
            **self._as_owner(),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _as_owner(self) -> dict[str, Any]:
        if self._owner is None:
            return {"cwd": self.directory}
        return {"cwd": self.directory, "user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}


@contextmanager
def server() -> Iterator[Postgres]:
    """Run a server, and delete it with its data afterwards."""
    # not below pytest's directory: that one is private, and its path may be too long for a socket
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:
        shutil.chown(directory, _UNPRIVILEGED, pwd.getpwnam(_UNPRIVILEGED).pw_gid)
    try:
        one = Postgres(directory)
        one.start()
        try:
            yield one
        finally:
            one.stop()
    finally:
        shutil.rmtree(directory)


def is_there() -> bool:
    """Return whether PostgreSQL is installed."""
    return _find("postgres") is not None


def _program(name: str) -> str:
    found = _find(name)
    assert found is not None, f"{name} is not installed"
    return found


def _find(name: str) -> str | None:
    # Debian installs each version in its own directory outside $PATH
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))
