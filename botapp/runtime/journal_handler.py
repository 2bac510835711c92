"""A logging handler for systemd's journal: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/.

The log file stays the complete log. This copy for `journalctl -u` must never block the program.
"""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Final

from botapp.locale import _

#: longer texts are truncated: the protocol would need a file descriptor for them
MAX_TEXT_BYTES: Final = 32 * 1024
#: levels of `logging` and the syslog(3) priority that starts there
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG: Final = 7


class JournalHandler(logging.Handler):
    """Sends records to the journal. It drops and counts them when the journal is full or gone."""

    def __init__(self, path: Path, program: str, life: int) -> None:
        """`path` is the journal's socket; `program` and `life` identify this process."""
        super().__init__()
        self._path = path
        self._fields = {
            "SYSLOG_IDENTIFIER": f"stocksup-{program}",
            "STOCKSUP_PROGRAM": program,
            "STOCKSUP_LIFE": str(life),
        }
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        #: records dropped since the last one that was sent
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record, or drop it."""
        if self._dropped:
            notice = _("%(count)d lines are missing here; they are in the log file") % {"count": self._dropped}
            if self._send(logging.WARNING, notice):
                self._dropped = 0
        if not self._send(record.levelno, self.format(record)):
            self._dropped += 1

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
        super().close()

    def _send(self, level: int, text: str) -> bool:
        try:
            # addressed every time: the journal may have been restarted
            self._sock.sendto(datagram(level, text, self._fields), str(self._path))
        except OSError:
            return False
        return True


def datagram(level: int, text: str, fields: dict[str, str]) -> bytes:
    """Return the journal entry of a line; `level` is one of `logging`."""
    priority = next((priority for minimum, priority in _PRIORITIES if level >= minimum), _DEBUG)
    message = " ".join(text.splitlines()).encode(errors="backslashreplace")[:MAX_TEXT_BYTES]
    head = "".join(f"{name}={value}\n" for name, value in {"PRIORITY": str(priority), **fields}.items())
    return head.encode() + b"MESSAGE=" + message + b"\n"
