"""The texts of the local Discord's page are all translated, and the page loads the current catalogue."""

from __future__ import annotations

import re

from tests.support.texts import page_words


def test_the_catalogue_holds_exactly_the_texts_in_the_code() -> None:
    assert {str(message.id) for message in page_words.read() if message.id} == page_words.words_in_code()


def test_every_text_is_translated_with_its_placeholders() -> None:
    for message in page_words.read():
        if message.id:
            assert message.string, f"{message.id!r} has no translation"
            placeholders = [sorted(re.findall(r"%\(\w+\)s", str(text))) for text in (message.id, message.string)]
            assert placeholders[0] == placeholders[1], message.id


def test_the_page_loads_the_current_catalogue() -> None:
    assert page_words.COMPILED.read_text() == page_words.compiled(page_words.read())


def test_texts_are_string_literals_in_double_quotes() -> None:
    assert len(page_words.find_modules()) > 10
    for path in page_words.find_modules():
        calls = re.findall(r"(?<![\w.])_\(\s*([^\s\"])", path.read_text().replace("export function _(text", ""))
        assert not calls, f"{path.name}: _( takes a string in double quotes"
