"""How a deposit that comes over HTTP is signed, and when a signature is believed. Pure."""

from __future__ import annotations

import hmac
from typing import Final

#: how far the time of a signature may be from ours, in seconds
WINDOW_S: Final = 300


def sign(key: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature of `body` at `timestamp` (seconds since 1970, as text): HMAC-SHA256, in hex."""
    return hmac.digest(key, timestamp.encode("ascii", "replace") + b"." + body, "sha256").hex()


def is_valid_signature(key: bytes, timestamp: str, body: bytes, signature: str, now_s: float) -> bool:
    """Tell whether `signature` was made with `key` for this body, and not long ago or ahead of its time."""
    expected = sign(key, timestamp, body).encode()
    # compared first and in constant time, so that nothing can be learned from how long a refusal takes
    is_ours = hmac.compare_digest(expected, signature.strip().lower().encode("utf-8", "replace"))
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    return is_ours and is_number and abs(int(timestamp) - now_s) <= WINDOW_S
