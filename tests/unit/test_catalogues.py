"""The catalogues of texts: nothing missing, nothing unused, the same placeholders, compiled from what is there."""

from __future__ import annotations

import pytest

from tests.support.texts.catalogues import ALL, Id, Texts, compiled, forms, placeholders

each = pytest.mark.parametrize(
    ("texts", "language"),
    [pytest.param(texts, language, id=f"{texts.domain}-{language}") for texts in ALL for language in texts.languages],
)


def id_of(given: Id | list[str]) -> Id:
    return given if isinstance(given, str) else tuple(given)


@each
def test_every_message_is_translated_and_none_is_left_over(texts: Texts, language: str) -> None:
    known = {id_of(message.id): forms(message.string) for message in texts.read(language) if message.id}
    assert set(known) == texts.in_code(), "run: make texts"
    assert [id for id, said in known.items() if not all(said)] == []
    assert [message.id for message in texts.read(language) if message.fuzzy and message.id] == []


@each
def test_placeholders_are_the_same(texts: Texts, language: str) -> None:
    for message in texts.read(language):
        singular, *plural = forms(message.id)
        wanted = {tuple(placeholders(one)) for one in (singular, *plural)}
        assert {tuple(placeholders(one)) for one in forms(message.string)} <= wanted, message.id


@each
def test_the_compiled_file_is_fresh(texts: Texts, language: str) -> None:
    assert texts.file(language, "mo").read_bytes() == compiled(texts.read(language)), "run: make texts"
