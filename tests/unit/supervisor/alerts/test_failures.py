"""Why an alert was not delivered: by the URL, and by the HTTP status."""

from __future__ import annotations

import re

import apprise
import pytest

from supervisor import locale
from supervisor.alerts.failures import FORMS, delivery_problem, url_problem
from supervisor.alerts.sender import _add_url, _schemes
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
        ("tgram://", "expected tgram://BOT_TOKEN/CHAT_ID"),
        ("TGRAM://shop/77", "expected tgram://BOT_TOKEN/CHAT_ID"),
        ("discord://123", "expected discord://WEBHOOK_ID/WEBHOOK_TOKEN"),
        ("mailto://shop", "expected mailto://USER:PASSWORD@DOMAIN"),
        ("tgrm://x", "unknown service tgrm://; did you mean tgram://?"),
        ("zzzzzz://x", "unknown service zzzzzz://"),
        ("twilio://a:b@c", "after twilio:// is missing or wrong"),
    ],
)
def test_an_invalid_url_is_explained(url: str, expected: str) -> None:
    assert not _add_url(apprise.Apprise(), url), "Apprise accepts it now"
    assert expected in url_problem(url, SCHEMES)


@pytest.mark.parametrize("form", FORMS.values())
def test_apprise_accepts_every_form_that_is_suggested(form: str) -> None:
    if form.startswith("tgram"):
        form = form.replace("BOT_TOKEN", TOKEN).replace("CHAT_ID", "77")
    values = {"PORT": "80", "HOST": "example.org", "DOMAIN": "example.org", "SERVER": "example.org"}
    values |= {"ADDRESS": "a@example.org", "NUMBER": "12025550123", "PHONE_ID": "12025550123"}
    values |= {"TOKEN_A": "A" * 9, "TOKEN_B": "B" * 9, "TOKEN_C": "C" * 24, "USER_KEY": "u" * 30, "TOKEN": "t" * 30}
    for word in sorted(values, key=len, reverse=True):
        form = re.sub(rf"\b{word}\b", values[word], form)
    assert _add_url(apprise.Apprise(), form), form


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Failed to send Telegram notification to 5: Unauthorized, error=401.", "token or password"),
        ("Failed to send Telegram notification to 5: Not Found, error=404.", "(404): Failed to send Telegram"),
        ("Failed to send JSON notification: Internal Server Error, error=500.", "server error (500): Failed to send"),
        ("Failed to send JSON notification: error=418.", "not delivered: Failed to send JSON notification: error=418."),
        ("A Connection error occurred sending JSON notification.", "not delivered: A Connection error occurred"),
    ],
)
def test_a_failed_delivery_names_the_status_and_the_words_of_apprise(message: str, expected: str) -> None:
    assert expected in delivery_problem([message])


def test_a_failed_delivery_without_a_reason() -> None:
    assert delivery_problem([]) == "not delivered, without a reason"


@pytest.mark.usefixtures("indonesian")
def test_the_texts_are_translated() -> None:
    texts = [delivery_problem([f"error={status}"]).removesuffix(f"error={status}") for status in (401, 404, 413, 502)]
    texts += [url_problem(url, SCHEMES) for url in ("tgram://", "discord://x", "tgrm://", "zzzz://")]
    assert [text for text in texts if english_in(text)] == []
