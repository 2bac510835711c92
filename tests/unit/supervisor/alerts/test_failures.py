"""Why an alert was not taken: from the address, and from what Apprise really says of it."""

from __future__ import annotations

import re

import apprise
import pytest

from supervisor import locale
from supervisor.alerts.failures import FORMS, not_an_address, not_taken
from supervisor.alerts.sender import _add, _schemes
from tests.support.texts.english import english_in

#: made up, of the shape of a token of Telegram
TOKEN = "123456789:" + "A" * 35
SCHEMES = _schemes(apprise.Apprise())


@pytest.fixture
def indonesian() -> None:
    locale.use("id")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("tgram://", "token is missing"),
        ("tgram:///5", "token is missing"),
        ("tgram://shop", "is no token; expected tgram://BOT_TOKEN/CHAT_ID"),
        ("tgram://123456789", "is no token"),
        ("tgram://123456789:", "is no token"),
        ("TGRAM://shop/77", "is no token"),
        ("discord://123", "expected discord://WEBHOOK_ID/WEBHOOK_TOKEN"),
        ("mailto://shop", "expected mailto://USER:PASSWORD@DOMAIN"),
        ("tgrm://x", "begin with tgrm://; did you mean tgram://?"),
        ("zzzzzz://x", "begin with zzzzzz://; Apprise has a list"),
        ("twilio://a:b@c", "of what follows twilio:// is missing or wrong"),
    ],
)
def test_an_address_that_is_none(url: str, expected: str) -> None:
    assert not _add(apprise.Apprise(), url), "Apprise takes it by now"
    assert expected in not_an_address(url, SCHEMES)


@pytest.mark.parametrize("form", FORMS.values())
def test_the_forms_that_are_named_are_ones_that_apprise_takes(form: str) -> None:
    if form.startswith("tgram"):
        form = form.replace("BOT_TOKEN", TOKEN).replace("CHAT_ID", "77")
    values = {"PORT": "80", "HOST": "example.org", "DOMAIN": "example.org", "SERVER": "example.org"}
    values |= {"ADDRESS": "a@example.org", "NUMBER": "12025550123", "PHONE_ID": "12025550123"}
    values |= {"TOKEN_A": "A" * 9, "TOKEN_B": "B" * 9, "TOKEN_C": "C" * 24, "USER_KEY": "u" * 30, "TOKEN": "t" * 30}
    for word in sorted(values, key=len, reverse=True):
        form = re.sub(rf"\b{word}\b", values[word], form)
    assert _add(apprise.Apprise(), form), form


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Failed to send Telegram notification to 5: Bad Request: chat not found, error=400.",
            "does not know this chat",
        ),
        ("Failed to send Telegram notification to 5: Unauthorized, error=401.", "refuses the token"),
        ("Failed to send Telegram notification to 5: Not Found, error=404.", "correct the token or the path (404)"),
        (
            "Failed to send Telegram notification to 5: Forbidden: bot was blocked by the user, error=403.",
            "has blocked",
        ),
        ("Failed to detect a Telegram user; try sending your bot a message first.", "nobody has written to this bot"),
        ("There were not Telegram chat_ids to notify.", "no chat id"),
        ("A Connection error occurred sending JSON notification to 127.0.0.1.", "nobody answers there"),
        ("A connection error occurred sending Telegram:5 notification.", "nobody answers there"),
        ('Connection error while submitting email to "mx"', "refuses name and password"),
        ("Failed to send JSON notification: Internal Server Error, error=500.", "in trouble itself (500)"),
        (
            "Failed to send JSON notification: error=418.",
            "it answered 418 (Failed to send JSON notification: error=418.)",
        ),
        ("Failed to send Discord notification: Bad Request - x, error=400.", "or the address (400: Failed to send"),
        ("Something else.", "it was not taken (Something else.)"),
    ],
)
def test_what_apprise_says(said: str, expected: str) -> None:
    assert expected in not_taken([said])


def test_nobody_says_why() -> None:
    assert not_taken([]) == "it was not taken, and nobody said why"


@pytest.mark.usefixtures("indonesian")
def test_nothing_of_it_is_english() -> None:
    told = [not_taken([f"error={status}"]) for status in (401, 403, 404, 405, 413, 429, 502)]
    told += [not_an_address(url, SCHEMES) for url in ("tgram://", "tgram://x", "discord://x", "tgrm://", "zzzz://")]
    assert [one for one in told if english_in(one)] == []


def test_what_apprise_says_of_a_missing_chat_is_known() -> None:
    service = apprise.Apprise()
    assert _add(service, f"tgram://{TOKEN}/not-a-chat!!")
    result = service.notify(body="x")
    assert "no chat id" in not_taken([entry.message for entry in result.logs()])
