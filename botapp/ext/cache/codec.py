"""What may be kept: keys and values, and the bytes that stand for them in a file. Pure.

The bytes of an entry are a checksum, the times between which it counts, and the value in MessagePack. There is no
pickle: what comes out of a file is data, whoever has written it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import cache
from typing import Any, Final
from zlib import crc32

import msgspec

from botapp.locale import _

#: longest key and name of a namespace, in bytes
MAX_KEY_BYTES: Final = 250
MAX_NAMESPACE_BYTES: Final = 50
#: longest value, in bytes, unless told otherwise
MAX_VALUE_BYTES: Final = 1024 * 1024
#: by how much clocks of two processes may differ, in seconds; an entry from later than that has an unknown age
CLOCK_TOLERANCE_S: Final = 1.0

#: between namespace and key; no namespace has it in its name
_SEPARATOR: Final = ":"
#: when it was set, when it expires; the value follows, then the checksum of the key and of all that is before it
_HEAD: Final = struct.Struct("<dd")
_CHECKSUM_BYTES: Final = 4
_SHORTEST: Final = _HEAD.size + _CHECKSUM_BYTES
#: what CRC-32 comes to over anything that is followed by its own CRC-32
_RESIDUE: Final = 0x2144DF1C
_encoder: Final = msgspec.msgpack.Encoder()
_decode_any: Final = msgspec.msgpack.Decoder().decode


class Damaged(Exception):
    """The bytes are not what was written."""


def prefix_of(namespace: str) -> str:
    """Return what the keys of `namespace` begin with. Raises ValueError for a name that cannot be one."""
    size = len(namespace.encode())
    if size > MAX_NAMESPACE_BYTES or _SEPARATOR in namespace:
        raise ValueError(f"{namespace!r} is no namespace: up to {MAX_NAMESPACE_BYTES} bytes, without {_SEPARATOR!r}")
    return namespace + _SEPARATOR


def namespace_of(full_key: str) -> str:
    """Return the namespace of a key with its prefix."""
    return full_key.partition(_SEPARATOR)[0]


def shown(full_key: str) -> str:
    """Return a key with its prefix as logs show it."""
    return full_key.removeprefix(_SEPARATOR)


def bounds(namespace: str) -> tuple[str, str]:
    """Return between which keys those of `namespace` are: the first may be one of them, the second is none."""
    return namespace + _SEPARATOR, namespace + chr(ord(_SEPARATOR) + 1)


def full_key(prefix: str, key: str) -> str:
    """Return a key with its prefix. Raises TypeError or ValueError for what cannot be a key."""
    if type(key) is str and 0 < len(key) <= MAX_KEY_BYTES and key.isascii():
        return prefix + key
    if not isinstance(key, str):
        raise TypeError(f"a key is a text, not {type(key).__name__}")
    # a text that is no UTF-8 (half of a surrogate pair) is a ValueError of its own
    size = len(key) if key.isascii() else len(key.encode())
    if not 1 <= size <= MAX_KEY_BYTES:
        raise ValueError(f"a key is a text of 1 to {MAX_KEY_BYTES} bytes, not of {size}")
    return prefix + key


def check_expires_in(expires_in: float | None) -> None:
    """Raise ValueError for what cannot be a time until expiry, in seconds."""
    if expires_in is not None and not (expires_in > 0 and math.isfinite(expires_in)):
        raise ValueError(f"expires_in is {expires_in}; expected a number of seconds above 0, or None")


def pack(key: str, value: Any, max_bytes: int = MAX_VALUE_BYTES) -> bytes:
    """Return `value` in MessagePack.

    Raises TypeError for what MessagePack cannot carry, ValueError for more than `max_bytes`; both name the key.
    """
    try:
        packed = _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        kind = type(value).__name__
        raise TypeError(f"the value of {key!r}, a {kind}, cannot be kept: {error}") from error
    if len(packed) > max_bytes:
        raise ValueError(f"the value of {key!r} takes {len(packed)} bytes; at most {max_bytes} are kept")
    return packed


def unpack(packed: bytes, kind: Any = Any) -> Any:
    """Return the value in `packed` as a `kind`. Raises ValueError when it is none."""
    try:
        return _decode_any(packed) if kind is Any else _decoder(kind)(packed)
    except (msgspec.DecodeError, RecursionError, TypeError) as error:
        raise ValueError(str(error)) from error


@cache
def _decoder(kind: Any) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(kind).decode


def seal(full_key: str, packed: bytes, set_at: float, expires_at: float | None) -> bytes:
    """Return the bytes of an entry."""
    data = _HEAD.pack(set_at, math.inf if expires_at is None else expires_at) + packed
    return data + crc32(data, crc32(full_key.encode())).to_bytes(_CHECKSUM_BYTES, "little")


def unseal(full_key: str, data: bytes, now: float) -> bytes | None:
    """Return the packed value in the bytes of an entry, or None when it does not count at `now`.

    An entry that expires and is from the future (the clock was set back) has an age that nobody knows, and does not
    count. Raises Damaged.
    """
    if len(data) <= _SHORTEST or crc32(data, crc32(full_key.encode())) != _RESIDUE:
        raise Damaged(_("damaged"))
    set_at, expires_at = _HEAD.unpack_from(data)
    if expires_at <= now or (set_at > now + CLOCK_TOLERANCE_S and expires_at != math.inf):
        return None
    return data[_HEAD.size : -_CHECKSUM_BYTES]


def expiry(data: bytes) -> float | None:
    """Return when the entry with these bytes expires, in seconds since 1970; None: never."""
    expires_at: float = _HEAD.unpack_from(data)[1]
    return None if expires_at == math.inf else expires_at
