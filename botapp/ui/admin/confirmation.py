"""A question before something that cannot be taken back: who may answer it, how, and until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from botapp.locale import _

#: how long a question waits for its answer, in seconds
ANSWER_WITHIN_S: Final = 30.0

_YES: Final = frozenset({"ya", "yes", "y"})
_NO: Final = frozenset({"tidak", "no", "t", "n"})


class Stage(Enum):
    """Where a question stands. Only ASKING is not final."""

    ASKING = "asking"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    #: a restart has begun meanwhile
    OVERTAKEN = "overtaken"


@dataclass(frozen=True)
class Confirmation:
    """One question whether to do what was asked for."""

    user_id: int
    channel_id: int
    #: when it stops waiting, in seconds of the caller's clock
    expires_at_s: float
    stage: Stage = Stage.ASKING


@dataclass(frozen=True)
class Reply:
    """Somebody wrote a message, or clicked: then `text` is the answer the button stands for."""

    user_id: int
    channel_id: int
    text: str


@dataclass(frozen=True)
class SupersededByRestart:
    """A restart has begun that this question did not lead to."""


def step(dialog: Confirmation, event: Reply | SupersededByRestart | None, now_s: float) -> Confirmation:
    """Return where `dialog` stands after `event`, or, with None, after the time alone has passed."""
    if dialog.stage is not Stage.ASKING:
        return dialog
    if now_s >= dialog.expires_at_s:
        return replace(dialog, stage=Stage.EXPIRED)
    if isinstance(event, SupersededByRestart):
        return replace(dialog, stage=Stage.OVERTAKEN)
    if event is None or (event.user_id, event.channel_id) != (dialog.user_id, dialog.channel_id):
        return dialog
    answer = event.text.strip().lower()
    if answer in _YES:
        return replace(dialog, stage=Stage.CONFIRMED)
    if answer in _NO:
        return replace(dialog, stage=Stage.DECLINED)
    return dialog


def question(what: str) -> str:
    """Return what an admin is asked before `what`, a question of its own, is done."""
    text = _("%(question)s Answer `yes` or `no`, or click, within %(seconds)d seconds.")
    return text % {"question": what, "seconds": int(ANSWER_WITHIN_S)}


def ending(stage: Stage) -> str:
    """Return what such a question becomes when it has ended."""
    return {
        Stage.CONFIRMED: _("⏳ One moment…"),
        Stage.DECLINED: _("❌ Cancelled."),
        Stage.EXPIRED: _("⌛ No answer, so nothing was changed. Use the command again when you are ready."),
        Stage.OVERTAKEN: _(
            "🔄 The bot is restarting, so nothing was changed. Please use the command again in a moment."
        ),
    }[stage]
