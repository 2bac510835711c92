"""Login links and sessions: valid for their purpose, until they expire, with the key that signed them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botapp.runtime.login_links import (
    LINK_LIFETIME_S,
    SESSION_LIFETIME_S,
    create_link,
    create_token,
    read_key,
    read_token,
    replace_key,
)

KEY = b"k" * 32


def test_a_token_is_valid_until_it_expires() -> None:
    token = create_token(KEY, "link", 1000)
    read = read_token(KEY, "link", token, 1000 + LINK_LIFETIME_S - 1)
    assert read is not None
    assert read.expires_s == 1000 + LINK_LIFETIME_S
    assert read_token(KEY, "link", token, 1000 + LINK_LIFETIME_S) is None
    assert read_token(KEY, "session", create_token(KEY, "session", 1000), 999 + SESSION_LIFETIME_S)


def test_a_link_is_no_session_and_the_other_way_round() -> None:
    assert read_token(KEY, "session", create_token(KEY, "link", 0), 1) is None
    assert read_token(KEY, "link", create_token(KEY, "session", 0), 1) is None


def test_another_key_makes_tokens_invalid() -> None:
    assert read_token(b"x" * 32, "link", create_token(KEY, "link", 0), 1) is None


def test_each_token_has_a_name_of_its_own() -> None:
    read = [read_token(KEY, "link", create_token(KEY, "link", 0), 1) for _ in range(2)]
    assert read[0] is not None
    assert read[0] != read[1]


@pytest.mark.parametrize("text", ["", "a", "=" * 80, "é" * 75, "A" * 75, "A" * 100_000, "a b", "\0" * 75])
def test_nonsense_is_no_token(text: str) -> None:
    assert read_token(KEY, "link", text, 0) is None


@given(st.integers(0, 74), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/"))
def test_a_changed_token_is_refused(place: int, letter: str) -> None:
    token = create_token(KEY, "link", 0)
    changed = token[:place] + letter + token[place + 1 :]
    assert changed == token or read_token(KEY, "link", changed, 1) is None


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "dashboard" / "key"
    key = read_key(path)
    assert (len(key), read_key(path)) == (32, key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert replace_key(path) != key
    path.write_bytes(b"short")
    assert len(read_key(path)) == 32


def test_a_link_has_the_token_in_the_part_that_is_not_sent(tmp_path: Path) -> None:
    url, _hash, token = create_link("https://shop.example.org", tmp_path / "key", 0).partition("#login=")
    assert url == "https://shop.example.org/"
    assert read_token(read_key(tmp_path / "key"), "link", token, 1)
