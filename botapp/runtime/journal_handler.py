"""Lines of the log for systemd's journal, as datagrams: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/.

The file that stdout and stderr are is the log; this is a copy for `journalctl -u`, which must never hold up the bot.
"""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Final

from botapp.locale import _

#: longest text sent; what is longer would ask for a file to be handed over, and is in the log file as a whole
MAX_TEXT_BYTES: Final = 32 * 1024
#: a level of `logging` and the priority of syslog(3) from there on
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG: Final = 7


class JournalHandler(logging.Handler):
    """Sends records to the journal. When it is full or gone they are dropped, and counted."""

    def __init__(self, path: Path, program: str, life: int) -> None:
        """`path` is the journal's socket; `program` and `life` are who speaks."""
        super().__init__()
        self._path = path
        self._who = {
            "SYSLOG_IDENTIFIER": f"stocksup-{program}",
            "STOCKSUP_PROGRAM": program,
            "STOCKSUP_LIFE": str(life),
        }
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        #: records that the journal did not take since it last took one
        self._missed = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Send `record`, if the journal takes it."""
        if self._missed:
            missing = _("%(count)d lines are missing here; they are in the log file") % {"count": self._missed}
            if self._send(logging.WARNING, missing):
                self._missed = 0
        if not self._send(record.levelno, self.format(record)):
            self._missed += 1

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
        super().close()

    def _send(self, level: int, text: str) -> bool:
        try:
            # each is addressed anew: the journal may be restarted
            self._sock.sendto(datagram(level, text, self._who), str(self._path))
        except OSError:
            return False
        return True


def datagram(level: int, text: str, fields: dict[str, str]) -> bytes:
    """Return the entry for a line; `level` is one of `logging`. Pure."""
    priority = next((priority for least, priority in _PRIORITIES if level >= least), _DEBUG)
    message = " ".join(text.splitlines()).encode(errors="backslashreplace")[:MAX_TEXT_BYTES]
    head = "".join(f"{name}={value}\n" for name, value in {"PRIORITY": str(priority), **fields}.items())
    return head.encode() + b"MESSAGE=" + message + b"\n"
