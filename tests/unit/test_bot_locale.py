"""The catalogues: nothing missing, nothing unused, compiled from what is there; the log's lines word for word."""

from __future__ import annotations

import re

import pytest

from botapp import locale
from botapp.locale import LANGUAGES
from tests.support import catalogues

#: lines of the log that people look for, in the code's words and in Indonesian
WORD_FOR_WORD = {
    "🧹 Cleaning up before restart...": "🧹 Memulai pembersihan sebelum restart...",
    "✅ Cache system cleaned": "✅ Cache system dibersihkan",
    "✅ Live stock state cleaned": "✅ Livestock state dibersihkan",
    "✅ Button state cleaned": "✅ Button state dibersihkan",
    "✅ Background tasks stopped": "✅ Background tasks dihentikan",
    "🎉 Clean-up before restart finished": "🎉 Pembersihan sebelum restart selesai",
    "❌ Live stock error: %s": "❌ Livestock error: %s",
    "⚠️ Button manager is not healthy, live stock will not be shown": (
        "⚠️ Button manager tidak sehat, livestock tidak akan ditampilkan"
    ),
    "✅ Live stock is healthy again": "✅ Livestock kembali sehat",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_none_is_left_over(language: str) -> None:
    catalogue = catalogues.read(language)
    known = {str(message.id): message.string for message in catalogue if message.id}
    assert set(known) == catalogues.messages_in_code(), "run: python -m tests.support.catalogues"
    assert [id for id, text in known.items() if not text] == []
    assert [str(message.id) for message in catalogue if message.fuzzy and message.id] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same(language: str) -> None:
    for message in catalogues.read(language):
        pattern = r"%(?:\(\w+\))?[sd]"
        assert re.findall(pattern, str(message.id)) == re.findall(pattern, str(message.string)), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_fresh(language: str) -> None:
    fresh = catalogues.compiled(catalogues.read(language))
    assert catalogues.file_of(language, "mo").read_bytes() == fresh, "run: python -m tests.support.catalogues"


def test_the_lines_that_people_look_for() -> None:
    locale.use("id")
    assert {text: locale._(text) for text in WORD_FOR_WORD} == WORD_FOR_WORD
