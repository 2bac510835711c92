"""Secrets are masked in any text, and masking twice changes nothing."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from supervisor.client import mask_secrets

URL_SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
users = st.integers(10**16, 10**19).map(lambda one: base64.urlsafe_b64encode(str(one).encode()).decode().rstrip("="))
tokens = st.tuples(
    users, st.text(URL_SAFE, min_size=6, max_size=7), st.text(URL_SAFE, min_size=27, max_size=40)
).map(".".join)  # fmt: skip
#: what may stand beside a secret: nothing that could be a part of it
around = st.text(st.characters(exclude_characters=URL_SAFE, exclude_categories=["L", "N", "Cs"]), max_size=20)
passwords = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4).filter(lambda one: "*" not in one)


@given(around, tokens, around)
def test_tokens_are_masked(before: str, token: str, after: str) -> None:
    assert token not in mask_secrets(before + token + after)
    assert token.rpartition(".")[2] not in mask_secrets(before + token + after)


@given(passwords)
def test_database_passwords_are_masked(password: str) -> None:
    assert (
        mask_secrets(f"cannot open postgresql://shop:{password}@db/shop") == "cannot open postgresql://shop:***@db/shop"
    )


@given(st.text() | st.from_regex(r"\w+://\w*:\S*@\S*|token=\S*|authorization: \S*|/webhooks/1/\S*", fullmatch=True))
def test_masking_twice_changes_nothing(text: str) -> None:
    once = mask_secrets(text)
    assert mask_secrets(once) == once
