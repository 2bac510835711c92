"""Signed, expiring tokens for the dashboard: login links and sessions, and the file with the key that signs them.

A command or the bot creates a link, the dashboard verifies it; all of them read the key. A new key makes every link and
session invalid.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from botapp.runtime.private_files import read_regular_file, write_file

#: how long a link can be used, in seconds
LINK_LIFETIME_S: Final = 600
#: how long a session lasts, in seconds
SESSION_LIFETIME_S: Final = 30 * 86_400

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 16
_HEAD: Final = struct.Struct(f">{_NONCE_BYTES}sQ")
_MAC_BYTES: Final = hashlib.sha256().digest_size
#: longest token that is looked at, in characters
_MAX_CHARS: Final = 200

Purpose = Literal["link", "session"]


class Token(Struct, frozen=True):
    """A valid token."""

    #: names this token
    nonce: str
    expires_s: float


def read_key(path: Path) -> bytes:
    """Return the key in the file; create the file if it is missing or damaged. Raises OSError."""
    try:
        key = read_regular_file(path, _KEY_BYTES + 1)
    except FileNotFoundError:
        key = b""
    return key if len(key) == _KEY_BYTES else replace_key(path)


def replace_key(path: Path) -> bytes:
    """Write a new key, which makes every token invalid, and return it. Raises OSError."""
    key = secrets.token_bytes(_KEY_BYTES)
    write_file(path, key)
    return key


def create_link(url: str, key_file: Path, now_s: float) -> str:
    """Return a login link to the page at `url`, signed with the key in `key_file`. Raises OSError.

    Browsers do not send the part after `#`: neither a preview of the link nor a proxy can use it up.
    """
    return f"{url}/#login={create_token(read_key(key_file), 'link', now_s)}"


def create_token(key: bytes, purpose: Purpose, now_s: float) -> str:
    """Return a new token that is valid from now on."""
    lifetime_s = LINK_LIFETIME_S if purpose == "link" else SESSION_LIFETIME_S
    head = _HEAD.pack(secrets.token_bytes(_NONCE_BYTES), int(now_s) + lifetime_s)
    return base64.urlsafe_b64encode(head + _sign(key, purpose, head)).decode().rstrip("=")


def read_token(key: bytes, purpose: Purpose, text: str, now_s: float) -> Token | None:
    """Return the token in `text`; None if it is forged, for another purpose, or expired. Pure."""
    if not 0 < len(text) <= _MAX_CHARS or not text.isascii():
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    if len(data) != _HEAD.size + _MAC_BYTES or base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
        return None
    head, mac = data[: _HEAD.size], data[_HEAD.size :]
    if not hmac.compare_digest(mac, _sign(key, purpose, head)):
        return None
    nonce, expires_s = _HEAD.unpack(head)
    return Token(nonce.hex(), float(expires_s)) if now_s < expires_s else None


def _sign(key: bytes, purpose: Purpose, head: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + head, "sha256")
