"""Masking of secrets."""

from __future__ import annotations

import pytest

from supervisor.client import mask_secrets
from supervisor.logs.masking import mask_words

#: made up, of the right shape
TOKEN = "MTQwMDAwMDAwMDAwMDAwMDAwMg." + "GAbCdE." + "x" * 38
OLD_TOKEN = "NDAwMDAwMDAwMDAwMDAwMDAy." + "X-_AbC." + "y" * 27


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token {TOKEN} refused", "token *** refused"),
        (f"'{OLD_TOKEN}'", "'***'"),
        ("PATCH /webhooks/123/aW50ZXJhY3Rpb246.x-Y_z/messages/@original", "PATCH /webhooks/123/***/messages/@original"),
        ("/interactions/77/aW50ZXJhY3Rpb246MTIz/callback", "/interactions/77/***/callback"),
        ("got aW50ZXJhY3Rpb246MTIzNDU2Nzg= back", "got *** back"),
        ("{'Authorization': 'Bot abc.def'}", "{'Authorization': 'Bot ***'}"),
        ("Authorization: Bearer s3cret", "Authorization: Bearer ***"),
        ("postgresql://shop:s3cret@db.local/shop", "postgresql://shop:***@db.local/shop"),
        ("postgresql+psycopg://shop:p@ss/w:rd@[::1]:5432/shop", "postgresql+psycopg://shop:***@[::1]:5432/shop"),
        ("redis://:s3cret@cache:6379/0 failed", "redis://:***@cache:6379/0 failed"),
        ("https://user:s3cret@example.org/a", "https://user:***@example.org/a"),
        ("amqp://u:p@ss@host and https://u:p@q@host", "amqp://u:***@host and https://u:***@host"),
        ("DB_PASSWORD=s3cret API_KEY=s3cret x --secret-key=s3cret", "DB_PASSWORD=*** API_KEY=*** x --secret-key=***"),
        ("host=db password=s3cret user=shop", "host=db password=*** user=shop"),
    ],
)  # fmt: skip
def test_secrets_are_masked(text: str, shown: str) -> None:
    assert mask_secrets(text) == shown
    assert mask_secrets(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8099/api/v10/users/@me",
        "ws://127.0.0.1:8099/gateway and mail to a@b.example",
        "supervisor.control.protocol.MESSAGES of botapp.ui.views.live_stock_view",
        "[discord] token_file: no token; expected the bot's token",
        "sqlite:///srv/shop/state/shop.db",
        "2026-11-24T04:00:01+0700 INFO    Ready as Toko Bot#0000, life 3",
    ],
)
def test_other_text_is_kept(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("run --token s3cret --verbose", "run --token *** --verbose"),
        ("run --db-password s3cret", "run --db-password ***"),
        ("run -api_key s3cret", "run -api_key ***"),
        ("run --password --verbose", "run --password --verbose"),
        ("run --token-file path --keyboard us --mytoken x", "run --token-file path --keyboard us --mytoken x"),
        (f"run {TOKEN} --token", "run *** --token"),
    ],
)
def test_the_value_of_a_secret_option_is_masked(words: str, shown: str) -> None:
    assert mask_words(words.split()) == shown.split()
    assert mask_words(shown.split()) == shown.split()


def test_known_secrets_are_masked_everywhere() -> None:
    assert mask_secrets("demo-token and xdemo-tokenx", ("demo-token", "")) == "*** and x***x"


@pytest.mark.parametrize("piece", ["a.", "a://b:", "M.", "x@", "token", "http://a:", "authorization "])
def test_long_lines_are_fast(piece: str) -> None:
    # the guard against tests that hang would end it: time goes with the square of the length where this fails
    assert mask_secrets(piece * 100_000) == piece * 100_000
