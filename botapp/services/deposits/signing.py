"""Signatures of deposits over HTTP. Pure."""

from __future__ import annotations

import hmac
from typing import Final

#: maximum difference between the time of a signature and now, in seconds
WINDOW_S: Final = 300


def sign(key: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature of `body` at `timestamp` (seconds since 1970, as text): HMAC-SHA256, in hex."""
    return hmac.digest(key, timestamp.encode("ascii", "replace") + b"." + body, "sha256").hex()


def is_valid_signature(key: bytes, timestamp: str, body: bytes, signature: str, now_s: float) -> bool:
    """Return whether `signature` was made with `key` for this body, within WINDOW_S of now."""
    expected = sign(key, timestamp, body).encode()
    # compare first and in constant time, so that the duration of a refusal reveals nothing
    is_ours = hmac.compare_digest(expected, signature.strip().lower().encode("utf-8", "replace"))
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    return is_ours and is_number and abs(int(timestamp) - now_s) <= WINDOW_S


def sign_answer(key: bytes, request_signature: str, status: int, body: bytes) -> str:
    """Return the signature of the answer to one request, in hex. It fits no other request, and no request as such."""
    return hmac.digest(key, f"answer.{request_signature}.{status}.".encode() + body, "sha256").hex()
