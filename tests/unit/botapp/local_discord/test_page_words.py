"""The words of the page of the local Discord: all are in Indonesian, and the page reads what the catalogue says."""

from __future__ import annotations

import re

from tests.support.texts import page_words


def test_every_word_is_in_the_catalogue_and_no_other() -> None:
    assert {str(one.id) for one in page_words.read() if one.id} == page_words.words_in_code()


def test_every_word_is_translated_with_its_placeholders() -> None:
    for one in page_words.read():
        if one.id:
            assert one.string, f"{one.id!r} has no translation"
            placeholders = [sorted(re.findall(r"%\(\w+\)s", str(text))) for text in (one.id, one.string)]
            assert placeholders[0] == placeholders[1], one.id


def test_what_the_page_reads_is_up_to_date() -> None:
    assert page_words.COMPILED.read_text() == page_words.compiled(page_words.read())


def test_no_word_is_made_where_the_tool_does_not_see_it() -> None:
    for path in page_words.PAGE.glob("*.js"):
        if path.name != "vendor.js":
            calls = re.findall(r"(?<![\w.])_\(\s*([^\s\"])", path.read_text().replace("export function _(text", ""))
            assert not calls, f"{path.name}: _( takes a string in double quotes"
