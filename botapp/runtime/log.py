"""The log of a program: one line per record on stderr and, under systemd, a copy in the journal; secrets are masked."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from datetime import datetime
from pathlib import Path
from time import monotonic as monotonic_s
from typing import Final
from zoneinfo import ZoneInfo

from botapp.locale import _
from botapp.runtime.journal_handler import JournalHandler
from supervisor.client import LifeEnvironment, Repetitions, make_printable, mask_secrets
from supervisor.configfile import open_regular

#: stack frames named in the line of an exception
MAX_FRAMES: Final = 4


class RepetitionFilter(logging.Filter):
    """Leaves out most repetitions of a warning or an error, so that a fault that lasts does not fill the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._repetitions = Repetitions()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write the record, and record in it how often its line was left out before."""
        if record.levelno not in (logging.WARNING, logging.ERROR):
            return True
        error = record.exc_info[1] if record.exc_info else None
        with self._lock:
            omitted = self._repetitions.admit(f"{record.getMessage()}: {error!r}", monotonic_s())
        record.omitted = omitted or 0
        return omitted is not None


class MessageFormatter(logging.Formatter):
    """Formats the message, and an exception behind it, in one line."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of the record."""
        text = record.getMessage()
        if record.exc_info and (error := record.exc_info[1]) is not None:
            text += f": {describe_error(error)}"
        if omitted := getattr(record, "omitted", 0):
            text = _("%(line)s (repeated: %(count)d)") % {"line": text, "count": omitted}
        return make_printable(mask_secrets(" ".join(text.split()), self._secrets))


class LineFormatter(MessageFormatter):
    """Formats time, level and message."""

    def __init__(self, timezone: ZoneInfo, secrets: tuple[str, ...]) -> None:
        super().__init__(secrets)
        self._timezone = timezone

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of the record."""
        return f"{self._timestamp(record)} {record.levelname:<7} {super().format(record)}"

    def _timestamp(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, self._timezone).strftime("%Y-%m-%dT%H:%M:%S%z")


class JsonFormatter(LineFormatter):
    """Formats a JSON object with `time`, `level` and `message`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of the record."""
        message = MessageFormatter.format(self, record)
        fields = {"time": self._timestamp(record), "level": record.levelname.lower(), "message": message}
        return json.dumps(fields, ensure_ascii=False)


def configure(timezone: str, secrets: tuple[str, ...], environment: LifeEnvironment | None) -> None:
    """Log to stderr, and to the journal if `environment` names one; mask `secrets`."""
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
    for handler in root.handlers:
        handler.addFilter(RepetitionFilter())
    root.setLevel(logging.INFO)
    for library in ("discord", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)


def reopen() -> None:
    """Write stdout and stderr to a new log file, after the supervisor renamed the old one.

    Raises OSError; stdout and stderr then stay as they were.
    """
    file = open_regular(Path(os.environ["STOCKSUP_LOG_FILE"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file, stream.fileno())
    finally:
        os.close(file)


def describe_error(error: BaseException) -> str:
    """Return type, text and place of an exception in one line."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    place = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__}: {error}" + (f" [{place}]" if place else "")
