"""Keys and values of the cache, and the bytes of an entry. Pure.

An entry is the time it was set, the time it expires, the value in MessagePack, and a checksum. There is no pickle:
reading an entry never runs code, regardless of who wrote the file.
"""

from __future__ import annotations

import math
import struct
from typing import Any, Final
from zlib import crc32

import msgspec

from botapp.locale import _

#: longest key, in bytes
MAX_KEY_BYTES: Final = 250
#: longest packed value, in bytes
MAX_VALUE_BYTES: Final = 1024 * 1024
#: how far the clocks of two processes may differ, in seconds
CLOCK_TOLERANCE_S: Final = 1.0
#: returned instead of a value where there is none
MISSING: Final[Any] = object()

#: set_at, expires_at; the packed value follows, then the CRC-32 of the key and of everything before the CRC
_HEAD: Final = struct.Struct("<dd")
_CHECKSUM_BYTES: Final = 4
_SHORTEST_ENTRY: Final = _HEAD.size + _CHECKSUM_BYTES
#: the CRC-32 of any data followed by its own CRC-32
_CRC_RESIDUE: Final = 0x2144DF1C
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode


class Damaged(Exception):
    """The bytes are not those of an entry with this key."""


def check_key(key: str) -> None:
    """Raise TypeError or ValueError if `key` cannot be a key."""
    if type(key) is str and 0 < len(key) <= MAX_KEY_BYTES and key.isascii():
        return
    if not isinstance(key, str):
        raise TypeError(f"a key must be a str, not {type(key).__name__}")
    # a str that is not valid UTF-8 (a lone surrogate) raises UnicodeEncodeError, which is a ValueError
    size = len(key.encode())
    if not 1 <= size <= MAX_KEY_BYTES:
        raise ValueError(f"a key must have 1 to {MAX_KEY_BYTES} bytes, not {size}")


def check_expires_in(expires_in: float) -> None:
    """Raise ValueError if `expires_in` is not a positive, finite number of seconds."""
    if not (expires_in > 0 and math.isfinite(expires_in)):
        raise ValueError(f"expires_in is {expires_in}; expected a number of seconds above 0, or None")


def pack(key: str, value: Any, max_bytes: int = MAX_VALUE_BYTES) -> bytes:
    """Return `value` in MessagePack.

    Raises TypeError if MessagePack cannot hold the value, ValueError if it takes more than `max_bytes`.
    """
    try:
        packed = _encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise TypeError(f"cannot cache the value of {key!r}, a {type(value).__name__}: {error}") from error
    if len(packed) > max_bytes:
        raise ValueError(f"cannot cache the value of {key!r}: it takes {len(packed)} bytes, at most {max_bytes} fit")
    return packed


def encode_entry(key: str, packed: bytes, set_at: float, expires_at: float | None) -> bytes:
    """Return the bytes of an entry; times in seconds since 1970, `expires_at` None if it never expires."""
    data = _HEAD.pack(set_at, math.inf if expires_at is None else expires_at) + packed
    return data + crc32(data, crc32(key.encode())).to_bytes(_CHECKSUM_BYTES, "little")


def decode_entry(key: str, data: bytes, now: float) -> Any:
    """Return the value of an entry, or MISSING if it has expired at `now`. Raises Damaged.

    An entry that expires and was set in the future has an unknown age, because the clock was set back since: it
    counts as expired.
    """
    if len(data) <= _SHORTEST_ENTRY or crc32(data, crc32(key.encode())) != _CRC_RESIDUE:
        raise Damaged(_("damaged"))
    set_at, expires_at = _HEAD.unpack_from(data)
    if expires_at <= now or (set_at > now + CLOCK_TOLERANCE_S and expires_at != math.inf):
        return MISSING
    try:
        return _decode(data[_HEAD.size : -_CHECKSUM_BYTES])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Damaged(_("damaged")) from error
