"""Proves that this code can take over from a running supervisor: `python -m supervisor --prove PROTOCOL --config FILE`.

A running supervisor starts it as a child before it executes this code in its own place, see `upgrader`. It loads every
module, reads the configuration and decodes the journal and the history, and changes nothing. Exit codes: 0 proved, with
the version on stdout · 1 not proved, with the reason · 78 the configuration is not valid.

Like `hook`, it is imported before all others, and imports almost nothing.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

import supervisor
from supervisor import locale
from supervisor.daemon.reexec.hook import PROVE
from supervisor.locale import _

if TYPE_CHECKING:
    from supervisor.config.paths import InstancePaths

#: the process ends itself after this time, in seconds: the supervisor that waits for it may be gone
MAX_TIME_S: Final = 120
#: what is no part of a running supervisor: the commands, and scripts
_NOT_LOADED: Final = ("supervisor.cli", "supervisor.__main__")


def prove(options: Mapping[str, str]) -> int:
    """Prove what a takeover needs; return the exit code. An exception is explained in one line, see `explain`."""
    sys.excepthook = explain
    signal.alarm(MAX_TIME_S)
    config = Path(options["--config"])
    from supervisor.configfile import ConfigError, language_of

    locale.use(language_of(config))
    import_all()
    try:
        problem = _protocol_problem(int(options[PROVE])) or _files_problem(config)
    except ConfigError as error:
        from supervisor.client import EXIT_BAD_CONFIG

        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_CONFIG
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"stocksup {supervisor.__version__}\n")
    return 0


def explain(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
    """Write where and why the code does not load: a `sys.excepthook`."""
    path, line = _place(value, trace)
    text = _("%(path)s, line %(line)d: %(kind)s: %(problem)s")
    problem = value.msg if isinstance(value, SyntaxError) else value
    sys.stderr.write(f"{text % {'path': path, 'line': line, 'kind': kind.__name__, 'problem': problem}}\n")


def _place(value: BaseException, trace: TracebackType | None) -> tuple[str, int]:
    """Return file and line of an exception; not those of the interpreter's own import system."""
    if isinstance(value, SyntaxError) and value.filename is not None:
        return value.filename, value.lineno or 0
    frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith("<frozen")]
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else ("?", 0)


def import_all() -> None:
    """Import every module of the supervisor; an exception is that of the first one that does not load."""

    def raise_again(name: str) -> None:
        raise  # it would be ignored

    for module in pkgutil.walk_packages(supervisor.__path__, "supervisor.", raise_again):
        if not module.name.startswith(_NOT_LOADED):
            importlib.import_module(module.name)


def _protocol_problem(version: int) -> str | None:
    from supervisor.client import PROTOCOL_VERSION

    if version == PROTOCOL_VERSION:
        return None
    text = _(
        "it uses version %(new)d of the control socket's protocol, and the running programs use %(old)d; run: stocksup "
        "stop, then: stocksup start"
    )
    return text % {"new": PROTOCOL_VERSION, "old": version}


def _files_problem(config: Path) -> str | None:
    """Return what this version cannot read, or None. Raises ConfigError."""
    from supervisor.config.loading import load
    from supervisor.config.paths import InstancePaths

    paths = InstancePaths(Path(os.path.realpath(config.parent / load(config).supervisor.state_dir)))
    if os.environ.get("STOCKSUP_SOCKET", str(paths.socket)) != str(paths.socket):
        text = _("%(config)s: [supervisor] state_dir has changed; restore the old value until stocksup has stopped")
        return text % {"config": config}
    return find_unreadable_line(paths)


def find_unreadable_line(paths: InstancePaths) -> str | None:
    """Return which line of the journal or the history this version cannot read, and why; None without one."""
    import msgspec

    from supervisor.config.files import read_regular
    from supervisor.lifecycle.model import ProgramState, RestartReport
    from supervisor.storage import history, journal

    files = (
        (paths.journal, ProgramState, journal.MAX_READ_BYTES),
        (paths.history, RestartReport, history.MAX_READ_BYTES),
    )
    for path, kind, max_bytes in files:
        for number, line in enumerate(read_regular(path, max_bytes).split(b"\n"), 1):
            try:
                if line:
                    msgspec.json.decode(line, type=kind)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                text = _("%(path)s, line %(line)d: this version cannot read it: %(problem)s")
                return text % {"path": path, "line": number, "problem": error}
    return None
