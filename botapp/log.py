"""The bot's log: one line per event on stderr, secrets masked."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

#: how many calls of a failure's way are named
NAMED_CALLS: Final = 4

# tokens of interactions and webhooks stand in addresses
_IN_ADDRESSES: Final = re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.=-]+")


class OneLine(logging.Formatter):
    """Time, level, message; a failure's kind, text and place behind it, all in one line."""

    def __init__(self, timezone: ZoneInfo, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._timezone = timezone
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        stamp = datetime.fromtimestamp(record.created, self._timezone).strftime("%Y-%m-%dT%H:%M:%S%z")
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += f": {in_a_line(record.exc_info[1])}"
        return f"{stamp} {record.levelname:<7} {self._masked(' '.join(text.split()))}"

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _IN_ADDRESSES.sub(r"\1***", text)


def set_up(timezone: str, *secrets: str) -> None:
    """Log to stderr from now on; `secrets` never appear there."""
    if not sys.stderr.isatty() and hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(ZoneInfo(timezone), secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("discord").setLevel(logging.WARNING)


def in_a_line(error: BaseException) -> str:
    """Return kind, text and place of a failure in one line."""
    calls = traceback.extract_tb(error.__traceback__)[-NAMED_CALLS:]
    way = " > ".join(f"{call.filename.rpartition('/')[2]}:{call.lineno} {call.name}" for call in calls)
    return f"{type(error).__name__}: {error}" + (f" [{way}]" if way else "")
