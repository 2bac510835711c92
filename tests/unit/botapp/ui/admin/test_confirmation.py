"""A question before something dangerous, without Discord: what counts as an answer, and what it becomes."""

from __future__ import annotations

import itertools

import pytest

from botapp import locale
from botapp.ui.admin import confirmation
from botapp.ui.admin.confirmation import Confirmation, Reply, Stage, SupersededByRestart, step

ASKED = Confirmation(user_id=1, channel_id=10, expires_at_s=30.0)


@pytest.mark.parametrize("answer", ["ya", "yes", "y", "YA", "  Yes \n"])
def test_yes_confirms(answer: str) -> None:
    assert step(ASKED, Reply(1, 10, answer), 29.9).stage is Stage.CONFIRMED


@pytest.mark.parametrize("answer", ["tidak", "no", "t", "n", "NO"])
def test_no_declines(answer: str) -> None:
    assert step(ASKED, Reply(1, 10, answer), 0).stage is Stage.DECLINED


@pytest.mark.parametrize(
    "event",
    [Reply(2, 10, "ya"), Reply(1, 11, "ya"), Reply(1, 10, "yaya"), Reply(1, 10, ""), Reply(1, 10, "!restart"), None],
)
def test_other_events_keep_the_question_open(event: Reply | None) -> None:
    assert step(ASKED, event, 0) == ASKED


def test_late_yes_expires() -> None:
    assert step(ASKED, None, 30.0).stage is Stage.EXPIRED
    assert step(ASKED, Reply(1, 10, "ya"), 30.0).stage is Stage.EXPIRED


def test_another_restart_supersedes_the_question() -> None:
    assert step(ASKED, SupersededByRestart(), 5).stage is Stage.SUPERSEDED


def test_final_stages_do_not_change() -> None:
    events: tuple[Reply | SupersededByRestart, ...] = (Reply(1, 10, "ya"), Reply(1, 10, "no"), SupersededByRestart())
    for first, second in itertools.permutations(events, 2):
        ended = step(ASKED, first, 1)
        assert ended.stage is not Stage.ASKING
        assert step(ended, second, 99) == ended


def test_every_ending_has_its_own_text() -> None:
    for language in locale.LANGUAGES:
        locale.use(language)
        said = {confirmation.ending(stage) for stage in Stage if stage is not Stage.ASKING}
        assert len(said) == len(Stage) - 1


@pytest.mark.parametrize(("language", "words"), [("id", ("`ya`", "`tidak`")), ("en", ("`yes`", "`no`"))])
def test_question_offers_the_words_of_the_language(language: str, words: tuple[str, str]) -> None:
    locale.use(language)
    assert all(word in confirmation.question("Sure?") for word in words)
