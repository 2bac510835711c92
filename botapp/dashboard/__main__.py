"""`python -m botapp.dashboard`: settings, exit codes."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import sys
from typing import Final, NoReturn

from botapp.config.loading import choose_language, load
from botapp.config.settings import Settings
from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime import log
from botapp.runtime.private_files import make_directory
from botapp.runtime.supervisor_link import report_exit
from supervisor.client import EXIT_BAD_CONFIG, EXIT_TRY_AGAIN, LifeEnvironment, mask_secrets
from supervisor.configfile import ConfigError, find_config

_GOODBYE_TIMEOUT_S: Final = 0.5


class CannotServe(Exception):
    """The dashboard cannot run; the message says why, `code` is the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def main() -> NoReturn:
    """Serve until SIGTERM. Exit with 0, with 78 for a mistake in the configuration, with 75 for what may pass."""
    environment = LifeEnvironment.read()
    code = 0
    try:
        choose_language()
        if environment is None:
            raise CannotServe(_("the dashboard runs under the supervisor only; run: stocksup start"), EXIT_BAD_CONFIG)
        _run(load(find_config()), environment)
    except (ConfigError, CannotServe) as error:
        code = error.code if isinstance(error, CannotServe) else EXIT_BAD_CONFIG
        reason = mask_secrets(str(error))
        print(reason, file=sys.stderr)
        if environment is not None:
            asyncio.run(report_exit(environment, code, reason, timeout_s=_GOODBYE_TIMEOUT_S))
    sys.stdout.flush()
    sys.stderr.flush()
    # everything is closed; the interpreter's teardown would only take time
    os._exit(code)


def _run(settings: Settings, environment: LifeEnvironment) -> None:
    log.configure(settings.timezone, (), environment)
    # creates no garbage, and the collector would take a part of the start-up time
    gc.disable()
    from botapp.dashboard.program import open_listener, serve

    gc.freeze()
    gc.enable()
    try:
        listening = open_listener(settings.dashboard)
    except OSError as error:
        text = _("cannot listen on %(address)s: %(why)s; stop the other program, or change [dashboard] listen")
        code = EXIT_BAD_CONFIG if error.errno == errno.EACCES else EXIT_TRY_AGAIN
        raise CannotServe(text % {"address": settings.dashboard.listen, "why": os_error_text(error)}, code) from error
    directory = settings.dashboard_dir
    try:
        make_directory(directory)
        asyncio.run(serve(settings, listening, environment))
    except OSError as error:
        text = _("cannot use %(path)s: %(why)s; fix its permissions, or free some disk space")
        params = {"path": error.filename or directory, "why": os_error_text(error)}
        raise CannotServe(text % params, EXIT_TRY_AGAIN) from error


if __name__ == "__main__":
    main()
