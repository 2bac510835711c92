"""The language of an answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from discord import Locale

from botapp import locale
from botapp.discord_api import language

INDONESIAN_COMMUNITY = SimpleNamespace(preferred_locale=Locale.indonesian, features=["COMMUNITY"])
ENGLISH_COMMUNITY = SimpleNamespace(preferred_locale=Locale.american_english, features=["COMMUNITY"])
#: has "en-US" although its admins chose none
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
def test_interaction_language_prefers_client_over_guild(client: Locale, guild: Any, expected: str) -> None:
    locale.use("id")
    assert language.interaction_language(interaction(client, guild)) == expected


@pytest.mark.parametrize(
    ("guild", "process", "expected"),
    [
        (INDONESIAN_COMMUNITY, "en", "id"),
        (ENGLISH_COMMUNITY, "id", "en"),
        (PLAIN, "id", "id"),
        (None, "en", "en"),
    ],
)
def test_typed_command_uses_language_of_community_guild(guild: Any, process: str, expected: str) -> None:
    locale.use(process)
    ctx: Any = SimpleNamespace(interaction=None, guild=guild)
    assert language.context_language(ctx) == expected


def test_slash_command_uses_interaction_language() -> None:
    locale.use("id")
    ctx: Any = SimpleNamespace(interaction=interaction(Locale.american_english, PLAIN), guild=INDONESIAN_COMMUNITY)
    assert language.context_language(ctx) == "en"
