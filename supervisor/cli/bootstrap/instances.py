"""Find the instances of this user by their processes: the supervisors, and programs that run without one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.config.paths import LOCK_NAME
from supervisor.lifecycle.model import ProcessId
from supervisor.processes import process, procfs
from supervisor.processes.process import LifeProcess

#: instances that a hint names
_MAX_NAMED: Final = 3
#: how `stocksup start` runs a supervisor
_MODULE: Final = ["-m", "supervisor"]


class FoundInstance(NamedTuple):
    """An instance of which a process runs."""

    #: absolute path of its state directory
    state_dir: Path
    #: its configuration file; None if no process tells it
    config: Path | None
    #: id of the user that it runs as
    uid: int
    #: the supervisor; None if only programs run
    supervisor: ProcessId | None
    #: the processes of its programs
    lives: tuple[LifeProcess, ...]


def find_running() -> list[FoundInstance]:
    """Return the instances of this user, and for root those of all users, ordered by state directory.

    Asks no supervisor: one that hangs is found too.
    """
    lives = {Path(socket).parent: tuple(found) for socket, found in process.list_lives_by_socket().items()}
    supervised = {one.state_dir: one for one in map(_as_supervisor, procfs.list_pids()) if one is not None}
    instances = [one._replace(lives=lives.get(one.state_dir, ())) for one in supervised.values()]
    instances += [_unsupervised(place, found) for place, found in lives.items() if place not in supervised]
    own = os.geteuid()
    return sorted((one for one in instances if own in (0, one.uid)), key=lambda one: one.state_dir)


def describe_elsewhere(instances: Sequence[FoundInstance]) -> str | None:
    """Return the configurations of the supervisors that run, for a message that none runs here; None without one."""
    configs = [str(one.config) for one in instances if one.supervisor is not None and one.config is not None]
    if not configs:
        return None
    named = ", ".join(configs[:_MAX_NAMED])
    return named if len(configs) <= _MAX_NAMED else f"{named}, …"


def _as_supervisor(pid: int) -> FoundInstance | None:
    """Return the instance whose supervisor is the process `pid`; None if it is none."""
    words = procfs.read_command(pid)
    if not any(words[at : at + 2] == _MODULE for at in range(1, min(4, len(words)))):
        return None
    lock, identity, uid = procfs.find_open_file(pid, LOCK_NAME), procfs.identify(pid), procfs.owner_of(pid)
    if lock is None or identity is None or uid is None:
        return None  # it starts, or has just ended
    named = next((after for word, after in itertools.pairwise(words) if word == "--config"), None)
    return FoundInstance(lock.parent, Path(named) if named else None, uid, identity, ())


def _unsupervised(state_dir: Path, lives: tuple[LifeProcess, ...]) -> FoundInstance:
    pid = lives[0].process.pid
    config, uid = procfs.read_env_value(pid, "STOCKSUP_CONFIG"), procfs.owner_of(pid)
    # a process that has just ended has no owner
    return FoundInstance(state_dir, Path(config) if config else None, os.geteuid() if uid is None else uid, None, lives)
