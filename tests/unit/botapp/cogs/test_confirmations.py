"""Questions to an admin, in memory: an answer may arrive before Discord has said that the question is there."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from botapp.cogs.confirmations import Confirmations, confirmation_texts
from botapp.discord_api.http_calls import replayed_application
from botapp.ui.admin.confirmation import Stage

ADMIN_ID, CHANNEL_ID, QUESTION_ID = 1, 10, 100


class Question:
    """The message of a question."""

    id = QUESTION_ID

    def __init__(self) -> None:
        self.content = ""

    async def edit(self, *, content: str, view: None) -> None:
        """Become another text."""
        self.content = content


class Context:
    """A command by the admin; the question is answered before it is known to be there, or cannot be sent (None)."""

    author = SimpleNamespace(id=ADMIN_ID)
    message = SimpleNamespace(id=1)
    channel = SimpleNamespace(id=CHANNEL_ID)

    def __init__(self, questions: Confirmations, answer: str | None) -> None:
        self.questions = questions
        self.answer = answer
        self.question = Question()

    async def reply(self, text: str, **_how: object) -> Question:
        """Show the question, and let it be answered before it is known here."""
        assert not self.questions.is_waiting(QUESTION_ID)
        if self.answer is None:
            raise TimeoutError("Discord does not answer")
        await self.questions.on_message(said(self.answer))
        return self.question


def said(text: str, message_id: int = QUESTION_ID + 1) -> Any:
    return SimpleNamespace(id=message_id, author=Context.author, channel=Context.channel, content=text)


def ask(answer: str | None) -> tuple[Stage, Context, Confirmations]:
    async def asked() -> tuple[Stage, Context, Confirmations]:
        questions = Confirmations()
        context: Any = Context(questions, answer)
        stage, _message = await questions.ask(context, confirmation_texts("Delete?", "Delete"))
        return stage, context, questions

    return asyncio.run(asked())


@pytest.mark.parametrize(("answer", "stage"), [("ya", Stage.CONFIRMED), ("tidak", Stage.DECLINED)])
def test_answer_before_the_response_of_discord(answer: str, stage: Stage) -> None:
    ended, context, questions = ask(answer)
    assert ended is stage
    assert context.question.content
    assert not questions.is_waiting(QUESTION_ID)


def test_a_late_answer_to_the_question_of_a_killed_process_does_nothing() -> None:
    """The admin said yes to another process; this one asks again, perhaps several questions in another order."""

    async def asked() -> None:
        replayed_application.set(77)
        questions = Confirmations()
        context: Any = Context(questions, "ya")
        asking = asyncio.create_task(questions.ask(context, confirmation_texts("Delete?", "Delete")))
        while not questions.is_waiting(QUESTION_ID):
            await asyncio.sleep(0)
        await questions.on_message(said("ya", QUESTION_ID - 1))
        assert questions.is_waiting(QUESTION_ID)
        await questions.on_message(said("tidak"))
        stage, _message = await asking
        assert stage is Stage.DECLINED

    asyncio.run(asked())


def test_question_that_could_not_be_sent_is_not_pending() -> None:
    async def asked() -> None:
        questions = Confirmations()
        context: Any = Context(questions, None)
        with pytest.raises(TimeoutError):
            await questions.ask(context, confirmation_texts("Delete?", "Delete"))
        second: Any = Context(questions, "ya")
        stage, _message = await questions.ask(second, confirmation_texts("Delete?", "Delete"))
        assert stage is Stage.CONFIRMED

    asyncio.run(asked())
