"""The bot's log: one line per event on stderr, secrets masked; and a copy for systemd's journal, where there is one."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from botapp.runtime.journal_handler import JournalHandler
from supervisor.client import LifeEnvironment, masked

#: how many calls of a failure's way are named
NAMED_CALLS: Final = 4


class MessageFormatter(logging.Formatter):
    """The message; a failure's kind, text and place behind it, all in one line."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        text = record.getMessage()
        if record.exc_info and (error := record.exc_info[1]) is not None:
            text += f": {describe_error(error)}"
        return masked(" ".join(text.split()), self._secrets)


class LineFormatter(MessageFormatter):
    """Time and level before the message."""

    def __init__(self, timezone: ZoneInfo, secrets: tuple[str, ...]) -> None:
        super().__init__(secrets)
        self._timezone = timezone

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        return f"{self._stamp(record)} {record.levelname:<7} {super().format(record)}"

    def _stamp(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, self._timezone).strftime("%Y-%m-%dT%H:%M:%S%z")


class JsonFormatter(LineFormatter):
    """The same as an object: `time`, `level`, `message`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        message = MessageFormatter.format(self, record)
        fields = {"time": self._stamp(record), "level": record.levelname.lower(), "message": message}
        return json.dumps(fields, ensure_ascii=False)


def configure(timezone: str, secrets: tuple[str, ...], environment: LifeEnvironment | None) -> None:
    """Log to stderr from now on, and to whatever else `environment` name; `secrets` never appear there."""
    if not sys.stderr.isatty() and hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    as_json = environment is not None and environment.log_as_json
    file = logging.StreamHandler(sys.stderr)
    file.setFormatter((JsonFormatter if as_json else LineFormatter)(ZoneInfo(timezone), secrets))
    root = logging.getLogger()
    root.handlers[:] = [file]
    if environment is not None and environment.journal is not None:
        journal = JournalHandler(environment.journal, environment.program, environment.life)
        journal.setFormatter(MessageFormatter(secrets))
        root.handlers.append(journal)
    root.setLevel(logging.INFO)
    logging.getLogger("discord").setLevel(logging.WARNING)


def reopen() -> None:
    """Write to the log file that the supervisor names: the one that stdout and stderr are was moved away.

    Raises OSError, and then all is as it was.
    """
    file = os.open(os.environ["STOCKSUP_LOG_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file, stream.fileno())
    finally:
        os.close(file)


def describe_error(error: BaseException) -> str:
    """Return kind, text and place of a failure in one line."""
    calls = traceback.extract_tb(error.__traceback__)[-NAMED_CALLS:]
    way = " > ".join(f"{call.filename.rpartition('/')[2]}:{call.lineno} {call.name}" for call in calls)
    return f"{type(error).__name__}: {error}" + (f" [{way}]" if way else "")
