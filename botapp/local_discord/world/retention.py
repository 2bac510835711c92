"""Nonces and attachments, kept for a limited time and size. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

#: seconds for which a nonce prevents a second message
NONCE_WINDOW_S: Final = 300.0
_KEPT_NONCES: Final = 1000
#: total size of the kept attachments
MAX_ATTACHMENT_BYTES: Final = 64 * 1024 * 1024


class Nonces:
    """The messages sent with a nonce within the last NONCE_WINDOW_S."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[int, str], tuple[int, float]] = OrderedDict()

    def remember(self, channel_id: int, nonce: str, message_id: int, now_s: float) -> None:
        """Record that `message_id` was sent with `nonce`."""
        self._sent[channel_id, nonce] = (message_id, now_s)
        while len(self._sent) > _KEPT_NONCES:
            self._sent.popitem(last=False)

    def find(self, channel_id: int, nonce: str, now_s: float) -> int | None:
        """Return the id of the message that was sent with `nonce`, or None."""
        message_id, at_s = self._sent.get((channel_id, nonce), (None, now_s))
        return message_id if now_s - at_s <= NONCE_WINDOW_S else None


class Attachments:
    """Uploaded files by path, at most `max_bytes` together; the oldest are dropped."""

    def __init__(self, max_bytes: int = MAX_ATTACHMENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._bytes = 0

    def keep(self, path: str, data: bytes, content_type: str) -> None:
        """Keep a file under `path`."""
        self._kept[path] = (data, content_type)
        self._bytes += len(data)
        while self._bytes > self._max_bytes:
            _, (oldest, _) = self._kept.popitem(last=False)
            self._bytes -= len(oldest)

    def find(self, path: str) -> tuple[bytes, str] | None:
        """Return the bytes and the content type of a file, or None."""
        return self._kept.get(path)
