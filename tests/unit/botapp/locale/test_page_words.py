"""The texts of the pages are all translated, and each page loads its current catalogue."""

from __future__ import annotations

import re

import pytest

from tests.support.texts import page_words
from tests.support.texts.page_words import PageTexts

pytestmark = pytest.mark.parametrize("texts", page_words.ALL, ids=lambda texts: texts.name)


def test_the_catalogue_holds_exactly_the_texts_in_the_code(texts: PageTexts) -> None:
    assert {str(message.id) for message in texts.read() if message.id} == texts.words_in_code()


def test_every_text_is_translated_with_its_placeholders(texts: PageTexts) -> None:
    for message in texts.read():
        if message.id:
            assert message.string, f"{message.id!r} has no translation"
            placeholders = [sorted(re.findall(r"%\(\w+\)s", str(text))) for text in (message.id, message.string)]
            assert placeholders[0] == placeholders[1], message.id


def test_the_page_loads_the_current_catalogue(texts: PageTexts) -> None:
    assert texts.compiled_file.read_text() == page_words.compiled(texts.read())


def test_texts_are_string_literals_in_double_quotes(texts: PageTexts) -> None:
    assert len(texts.find_modules()) > 10
    for path in texts.find_modules():
        calls = re.findall(r"(?<![\w.])_\(\s*([^\s\"])", path.read_text().replace("export function _(text", ""))
        assert not calls, f"{path.name}: _( takes a string in double quotes"
