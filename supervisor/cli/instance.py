"""The instance that a command works on: its configuration, its files, its control socket."""

from __future__ import annotations

import fcntl
import os
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.errors import CommandError
from supervisor.client import Client, SupervisorNotRunning
from supervisor.config import timezone
from supervisor.config.files import open_regular, read_regular
from supervisor.config.paths import DEFAULT_STATE_DIR, InstancePaths, intact_state_dir, state_dir_of
from supervisor.configfile import (
    ConfigError,
    NoConfig,
    existing_configs,
    find_config,
    find_zone_file,
    named_config,
    read_intact,
)
from supervisor.locale import _
from supervisor.locale.third_party import os_error_remedy, os_error_text

if TYPE_CHECKING:
    from supervisor.cli.terminal.progress import Progress
    from supervisor.config.settings import Settings

#: timeout of requests that the supervisor answers at once, in seconds
ANSWER_TIMEOUT_S: Final = 5.0
#: how long a supervisor may take to create its socket, and the pause between two attempts, in seconds
SOCKET_TIMEOUT_S: Final = 10.0
SOCKET_PAUSE_S: Final = 0.1


class Instance:
    """The instance; finds its configuration on first use, so that some commands work without one."""

    def __init__(self, named: Path | None) -> None:
        """`named` is the value of `--config`."""
        self._named = named
        self._has_warned = False

    @cached_property
    def config(self) -> Path:
        """The absolute path of the configuration file. Raises ConfigError."""
        try:
            return find_config(self._named)
        except NoConfig as error:
            raise NoConfig(f"{error}{elsewhere_hint()}") from error

    def existing_configs(self) -> list[Path]:
        """Return the configuration files that exist where a command looks for one."""
        return existing_configs(self._named)

    @property
    def found_config(self) -> Path:
        """The absolute path of the configuration file, even of one that does not exist any more. Raises ConfigError."""
        return self._config_path() or self.config

    def work_as_owner(self, path: Path | None = None) -> None:
        """If we are root and another user decides what `path` means, go on with that user's rights.

        Without `path`, that is the state directory, and before it the configuration, which chooses the directory.
        Without a configuration the command reports that, or needs none. Raises CommandError.
        """
        if os.geteuid() != 0:
            return
        if path is not None:
            self._work_as_owner(path)
            return
        self.work_as_owner_of_config()
        if os.geteuid() == 0 and (config := self._config_path()) is not None:
            try:
                state_dir = state_dir_of(config)
            except ConfigError:
                state_dir = self._find_state_dir(config)
            self._work_as_owner(state_dir)

    def work_as_owner_of_config(self) -> None:
        """Like `work_as_owner`, but only if another user decides about the configuration. Raises CommandError."""
        if os.geteuid() == 0 and (config := self._config_path()) is not None:
            self._work_as_owner(config)

    def _config_path(self) -> Path | None:
        """Return the path of the configuration, even of one that is named but does not exist; None without one."""
        try:
            return self.config
        except ConfigError:
            named = named_config(self._named)
            return named.absolute() if named is not None else None

    def _work_as_owner(self, path: Path) -> None:
        from supervisor.config import owner  # only root needs it

        if not owner.is_other(uid := owner.find_owner(path)):
            return
        try:
            owner.become(uid)
        except OSError as error:
            text = _("%(path)s belongs to user %(user)s, and root cannot work as that user here: %(why)s")
            params = {"path": path, "user": owner.user_name(uid), "why": os_error_text(error)}
            raise CommandError(text % params) from error
        if "config" in self.__dict__:
            # that user may have a configuration of their own in their home directory
            os.environ["STOCKSUP_CONFIG"] = str(self.config)

    @cached_property
    def settings(self) -> Settings:
        """The checked settings. Raises ConfigError."""
        from supervisor.config.loading import load

        return load(self.config)

    @cached_property
    def place(self) -> InstancePaths:
        """The files of the instance. With a mistake in the configuration, which is printed, those found anyway.

        Raises ConfigError if there is no such instance.
        """
        try:
            return InstancePaths(self.config.parent / self.settings.supervisor.state_dir)
        except ConfigError as error:
            config = self._config_path()
            if config is None or not os.path.isdir(state_dir := self._find_state_dir(config)):
                raise
            self._warn(error)
            return InstancePaths(state_dir)

    @staticmethod
    def _find_state_dir(config: Path) -> Path:
        """Return the state directory of a configuration with a mistake: named, in use, or in the default place."""
        from supervisor.processes import process  # slow to import, and only needed here

        if (named := intact_state_dir(config)) is not None:
            return named
        socket = process.find_env_value({"STOCKSUP_CONFIG": str(config)}, "STOCKSUP_SOCKET", other_than="")
        if socket is not None and _is_ours(in_use := Path(socket).parent):
            return in_use
        return config.parent / DEFAULT_STATE_DIR

    def warn_of_mistake(self) -> None:
        """Print a mistake in the configuration, if there is one."""
        try:
            self.check()
        except ConfigError as error:
            self._warn(error)

    def _warn(self, error: ConfigError) -> None:
        if not self._has_warned:
            text = _("warning: %(problem)s; what runs keeps its settings until this is corrected")
            click.echo(f"stocksup: {text % {'problem': error}}", err=True)
        self._has_warned = True

    def check(self) -> None:
        """Check the configuration. Raises ConfigError."""
        assert self.settings is not None

    def connect(self) -> Client:
        """Return a connection to the supervisor. Raises SupervisorNotRunning, ConfigError, CommandError."""
        return self._connect(self.place)

    def connect_unchecked(self) -> Client:
        """Return a connection, and read only the state directory from the configuration: a full check takes 20 ms."""
        return self._connect(self._unchecked_place())

    def find_socket(self) -> Path:
        """Return the path of the control socket, and check nothing else of the configuration. Raises ConfigError."""
        return self._unchecked_place().socket

    def _unchecked_place(self) -> InstancePaths:
        try:
            return InstancePaths(state_dir_of(self.config))
        except ConfigError:
            return self.place

    def _connect(self, place: InstancePaths) -> Client:
        """Connect; wait a moment for a supervisor that runs without its socket, which it creates again by itself."""
        until_s = time.monotonic() + SOCKET_TIMEOUT_S
        while True:
            try:
                return self._open(place)
            except SupervisorNotRunning:
                # the lock knows better: somebody has deleted the socket, or the supervisor has just started
                if not is_locked(place.lock):
                    raise
                if time.monotonic() > until_s:
                    raise CommandError(_unreachable(place), exits.TIMED_OUT) from None
            time.sleep(SOCKET_PAUSE_S)

    def _open(self, place: InstancePaths) -> Client:
        try:
            return Client(place.socket)
        except OSError as error:
            text = _(
                "cannot use %(path)s: %(why)s; %(remedy)s, or set another directory as [supervisor] state_dir in "
                "%(config)s"
            )
            params = {"path": place.socket, "why": os_error_text(error), "config": self._config_path()}
            raise CommandError(text % {**params, "remedy": os_error_remedy(error)}) from error

    @staticmethod
    def progress(text: str) -> Progress:
        """Return a progress indicator; commands of other packages use it too."""
        from supervisor.cli.terminal.progress import Progress

        return Progress(text)

    def use_timezone(self) -> None:
        """Show times in the time zone of the configuration; in the host's, if that cannot be read."""
        try:
            timezone.use(self.settings.timezone)
        except ConfigError:
            config = self._config_path()
            named = read_intact(config).get("timezone") if config is not None else None
            if isinstance(named, str) and find_zone_file(named) is not None:
                timezone.use(named)

    def program_names(self) -> list[str]:
        """Return the names of the programs in the configuration. Raises ConfigError."""
        return list(self.settings.programs)


def is_locked(lock: Path) -> bool:
    """Return whether a running supervisor holds the lock file of its state directory."""
    try:
        fd = open_regular(lock, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # the file system has no locks
    finally:
        os.close(fd)
    return False


def elsewhere_hint() -> str:
    """Return what to add to the message that nothing runs here, when another instance runs; otherwise nothing."""
    from supervisor.cli.bootstrap import instances  # slow to import, and only needed here

    elsewhere = instances.describe_elsewhere(instances.find_running())
    return "" if elsewhere is None else _("; running elsewhere: %(configs)s; see stocksup ls") % {"configs": elsewhere}


def _unreachable(place: InstancePaths) -> str:
    try:
        pid = read_regular(place.lock, 32).decode(errors="replace").strip()
    except OSError:
        pid = ""
    text = _(
        "the supervisor (PID %(pid)s) is running, but does not answer at %(path)s; see its log: stocksup logs "
        "supervisor; if it hangs, end it: kill -9 %(pid)s, then: stocksup start (the programs keep running)"
    )
    return text % {"pid": pid or "?", "path": place.socket}


def _is_ours(directory: Path) -> bool:
    """Return whether the directory is ours: root sees the processes of all users."""
    try:
        return directory.stat().st_uid == os.geteuid()
    except OSError:
        return False


def complete_program(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the program names that start with `incomplete`, for shell completion."""
    named = ctx.find_root().params.get("config")
    try:
        return [name for name in Instance(named).program_names() if name.startswith(incomplete)]
    except ConfigError:
        return []  # the command itself will report the problem
