"""In which language whom is answered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from discord import Locale

from botapp import locale
from botapp.ui import language

INDONESIAN_COMMUNITY = SimpleNamespace(preferred_locale=Locale.indonesian, features=["COMMUNITY"])
ENGLISH_COMMUNITY = SimpleNamespace(preferred_locale=Locale.american_english, features=["COMMUNITY"])
#: has "en-US" although nobody chose it
PLAIN = SimpleNamespace(preferred_locale=Locale.american_english, features=[])


def interaction(client: Locale, guild: Any) -> Any:
    return SimpleNamespace(locale=client, guild=guild)


@pytest.mark.parametrize(
    ("client", "guild", "expected"),
    [
        (Locale.american_english, INDONESIAN_COMMUNITY, "en"),
        (Locale.british_english, None, "en"),
        (Locale.indonesian, ENGLISH_COMMUNITY, "id"),
        (Locale.french, ENGLISH_COMMUNITY, "en"),
        (Locale.french, PLAIN, "id"),
        (Locale.french, None, "id"),
    ],
)
def test_a_click_is_answered_in_the_language_of_the_client_first(client: Locale, guild: Any, expected: str) -> None:
    locale.use("id")
    assert language.of_interaction(interaction(client, guild)) == expected


@pytest.mark.parametrize(
    ("guild", "process", "expected"),
    [
        (INDONESIAN_COMMUNITY, "en", "id"),
        (ENGLISH_COMMUNITY, "id", "en"),
        (PLAIN, "id", "id"),
        (None, "en", "en"),
    ],
)
def test_a_typed_command_is_answered_in_the_language_that_the_guild_chose(
    guild: Any, process: str, expected: str
) -> None:
    locale.use(process)
    ctx: Any = SimpleNamespace(interaction=None, guild=guild)
    assert language.of_context(ctx) == expected


def test_a_slash_command_is_answered_as_a_click_is() -> None:
    locale.use("id")
    ctx: Any = SimpleNamespace(interaction=interaction(Locale.american_english, PLAIN), guild=INDONESIAN_COMMUNITY)
    assert language.of_context(ctx) == "en"
