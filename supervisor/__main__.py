"""The supervisor's process: `python -m supervisor [--config FILE] [--report-fd N] [--keep-desired yes] …`.

`stocksup start` runs it, and `stocksup stop` where programs have outlived their supervisor. Exit codes: 0 told to
leave · 1 it failed (another one runs, no right to the state directory) · 78 bad configuration.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from supervisor import locale
from supervisor.config import timezone
from supervisor.config.loading import load
from supervisor.config.paths import InstancePaths
from supervisor.configfile import ConfigError, find_config, language_of
from supervisor.daemon import reexec as fall
from supervisor.daemon import requests as ops
from supervisor.daemon import sd_notify as systemd
from supervisor.daemon.runner import Runner
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text
from supervisor.logs import journald
from supervisor.logs.writer import SupervisorLog
from supervisor.processes import process
from supervisor.storage import state_dir as premises

EXIT_FAILED = 1
EXIT_BAD_CONFIG = 78
#: how often, and how often at most, one that comes too late looks for the pid of the one that came first
HOLDER_PAUSE_S = 0.02
HOLDER_ROUNDS = 50


@dataclass(frozen=True)
class Arguments:
    """What `stocksup start` tells the process."""

    #: the configuration file
    config: Path | None
    #: write one line of JSON there once the door is open, or is known to stay shut
    report_fd: int | None
    #: do not start what an operator had stopped
    keep_desired: bool
    #: start nothing: take up what lives, end it as it is ended otherwise, and leave
    end: bool
    #: how often in a row this supervisor has begun anew, see `fall`
    fallen: int


class StartupError(Exception):
    """The supervisor cannot start: one message with place, cause and remedy."""


class AlreadyRunning(StartupError):
    """Another one has the state directory."""


def main() -> int:
    """Run the supervisor; return its exit code."""
    arguments = _arguments(sys.argv[1:])
    os.umask(0o077)
    locale.use(language_of(arguments.config))
    net = sys.excepthook = fall.ReexecHook(arguments.fallen, lambda level, line: print(line, file=sys.stderr))
    try:
        runner = _open(arguments.config, echo=arguments.report_fd is None)
    except ConfigError as error:
        return _refuse(arguments.report_fd, EXIT_BAD_CONFIG, str(error))
    except StartupError as error:
        if arguments.fallen and not isinstance(error, AlreadyRunning):
            raise  # it could before, so it will again
        return _refuse(arguments.report_fd, EXIT_FAILED, str(error))
    net.note = runner.log.write
    runner.log.write(
        "info", _("supervisor %(pid)d at %(socket)s") % {"pid": os.getpid(), "socket": runner.place.socket}
    )
    if arguments.report_fd is not None:
        _report(arguments.report_fd, {"ok": True, "pid": os.getpid()})
    runner.recall(keep_desired=arguments.keep_desired, end=arguments.end)
    if arguments.end:
        runner.shut_down(_("it was started for that"))
    try:
        runner.run()
    except premises.StateDirLocked:
        # the programs are the other one's now
        text = _("another supervisor has taken over %(path)s; leaving")
        runner.log.write("critical", text % {"path": runner.place.state_dir})
        return EXIT_FAILED
    return 0


def _arguments(words: Sequence[str]) -> Arguments:
    """Read the command line, which only `stocksup start` writes; argparse would cost memory for as long as we run."""
    given = dict(zip(words[::2], words[1::2], strict=False))
    report_fd = given.get("--report-fd")
    return Arguments(
        config=Path(given["--config"]) if "--config" in given else None,
        report_fd=int(report_fd) if report_fd else None,
        keep_desired=given.get("--keep-desired") == "yes",
        end=given.get("--stop-orphans") == "yes",
        fallen=int(given.get("--reexec-count", 0)),
    )


def _open(config: Path | None, *, echo: bool) -> Runner:
    path = find_config(config)
    settings = load(path)
    timezone.use(settings.timezone)
    # whichever way the file is named, lives are recognised by the one path of their instance
    place = InstancePaths((path.parent / settings.supervisor.state_dir).resolve())
    try:
        premises.make(place)
        lock_fd = _lock(place)
        _refuse_elsewhere(path, place)
        to_journal = echo and journald.takes_stderr(os.environ)
        logbook = SupervisorLog(place.supervisor_log, settings.logs, echo=echo, to_journal=to_journal)
        return Runner(path, place, settings, logbook, ops.handle, systemd.manager(os.environ), lock_fd)
    except OSError as error:
        text = _(
            "cannot use %(path)s: %(why)s; mend its permissions, "
            "or name another directory as [supervisor] state_dir in %(config)s"
        )
        facts = {"path": error.filename or place.state_dir, "why": os_error_text(error), "config": path}
        raise StartupError(text % facts) from error


def _refuse_elsewhere(config: Path, place: InstancePaths) -> None:
    """Refuse to be a second supervisor of one configuration whose state directory was changed while it ran."""
    socket = process.elsewhere({"STOCKSUP_CONFIG": str(config)}, "STOCKSUP_SOCKET", str(place.socket))
    if socket is not None:
        text = _(
            "programs of %(config)s run already, with the state directory %(other)s; name that one again as "
            "[supervisor] state_dir, then: stocksup stop, change it, stocksup start"
        )
        raise StartupError(text % {"config": config, "other": Path(socket).parent})


def _lock(place: InstancePaths) -> int:
    """Become the one supervisor of the state directory; return the lock's descriptor."""
    try:
        return premises.lock(place)
    except premises.StateDirLocked as error:
        pid = _holder(error.args[0]) or _("unknown")
        text = _(
            "a supervisor (pid %(pid)s) runs already with %(state_dir)s; look at it with `stocksup status`, "
            "end it with `stocksup stop`"
        )
        raise AlreadyRunning(text % {"pid": pid, "state_dir": place.state_dir}) from error


def _holder(fd: int) -> str | None:
    """Return the pid of the supervisor that has the lock, which it may be about to write; None: it does not."""
    for _round in range(HOLDER_ROUNDS):
        pid = os.pread(fd, 32, 0).decode().strip()
        if pid and process.identify(int(pid)) is not None:  # else it is that of an earlier one
            return pid
        time.sleep(HOLDER_PAUSE_S)
    return None


def _refuse(report_fd: int | None, code: int, message: str) -> int:
    if report_fd is None:
        sys.stderr.write(f"stocksup: {message}\n")
    else:
        _report(report_fd, {"ok": False, "code": code, "message": message})
    return code


def _report(fd: int, message: dict[str, object]) -> None:
    try:
        os.write(fd, json.dumps(message).encode() + b"\n")
    except BrokenPipeError:
        return  # whoever started us did not wait
    finally:
        os.close(fd)


if __name__ == "__main__":
    sys.exit(main())
