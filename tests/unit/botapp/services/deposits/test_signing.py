"""Valid and invalid signatures of deposits."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from botapp.services.deposits.signing import WINDOW_S, is_valid_signature, sign

KEY = b"k" * 32
BODY = b'{"id": "1"}'
NOW_S = 1_750_000_000.5


def genuine(timestamp: str, signature: str, *, body: bytes = BODY, key: bytes = KEY) -> bool:
    return is_valid_signature(key, timestamp, body, signature, NOW_S)


def test_signature_matches_the_documentation() -> None:
    expected = hmac.new(KEY, b"1750000000." + BODY, hashlib.sha256).hexdigest()
    assert sign(KEY, "1750000000", BODY) == expected
    assert genuine("1750000000", expected)
    assert genuine("1750000000", f" {expected.upper()} ")


@pytest.mark.parametrize("offset_s", [-WINDOW_S, 0, WINDOW_S])
def test_signature_is_valid_within_the_window(offset_s: int) -> None:
    inside = str(int(NOW_S) + offset_s + (1 if offset_s < 0 else 0))
    assert genuine(inside, sign(KEY, inside, BODY))
    outside = str(int(NOW_S) + (offset_s + (2 if offset_s > 0 else -2) if offset_s else 10**9))
    assert not genuine(outside, sign(KEY, outside, BODY))


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "1750000000.0", "²", "1" * 5000, "٣"])
def test_invalid_timestamp_is_refused(timestamp: str) -> None:
    assert not genuine(timestamp, sign(KEY, timestamp, BODY))


@pytest.mark.parametrize("signature", ["", "0" * 64, "ü", "\udc80"])
def test_wrong_signature_is_refused(signature: str) -> None:
    assert not genuine("1750000000", signature)


def test_other_key_body_or_timestamp_is_refused() -> None:
    right = sign(KEY, "1750000000", BODY)
    assert not genuine("1750000000", right, body=BODY + b" ")
    assert not genuine("1750000001", right)
    assert not genuine("1750000000", right, key=b"j" * 32)
