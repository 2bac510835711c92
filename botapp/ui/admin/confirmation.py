"""The state of a confirmation: who may answer it, how, and until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from botapp.locale import _

#: time to answer, in seconds
ANSWER_WITHIN_S: Final = 30.0

_YES: Final = frozenset({"ya", "yes", "y"})
_NO: Final = frozenset({"tidak", "no", "t", "n"})


class Stage(Enum):
    """The stage of a confirmation. All but ASKING are final."""

    ASKING = "asking"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    #: a restart has begun in the meantime
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Confirmation:
    """One confirmation."""

    user_id: int
    channel_id: int
    #: the deadline, in seconds of the caller's clock
    expires_at_s: float
    stage: Stage = Stage.ASKING


@dataclass(frozen=True)
class Reply:
    """A message or a click. For a click, `text` is the answer of the button."""

    user_id: int
    channel_id: int
    text: str


@dataclass(frozen=True)
class SupersededByRestart:
    """Another restart has begun."""


def step(dialog: Confirmation, event: Reply | SupersededByRestart | None, now_s: float) -> Confirmation:
    """Return the confirmation after `event`, or after time has passed if it is None."""
    if dialog.stage is not Stage.ASKING:
        return dialog
    if now_s >= dialog.expires_at_s:
        return replace(dialog, stage=Stage.EXPIRED)
    if isinstance(event, SupersededByRestart):
        return replace(dialog, stage=Stage.SUPERSEDED)
    if event is None or (event.user_id, event.channel_id) != (dialog.user_id, dialog.channel_id):
        return dialog
    answer = event.text.strip().lower()
    if answer in _YES:
        return replace(dialog, stage=Stage.CONFIRMED)
    if answer in _NO:
        return replace(dialog, stage=Stage.DECLINED)
    return dialog


def question(what: str) -> str:
    """Return the text of the confirmation that begins with the question `what`."""
    text = _("%(question)s Answer `yes` or `no`, or click, within %(seconds)d seconds.")
    return text % {"question": what, "seconds": int(ANSWER_WITHIN_S)}


def ending(stage: Stage) -> str:
    """Return the text that replaces the question when it has ended."""
    return {
        Stage.CONFIRMED: _("✅ Confirmed."),
        Stage.DECLINED: _("❌ Cancelled."),
        Stage.EXPIRED: _("⌛ No answer, so nothing was changed. Use the command again when you are ready."),
        Stage.SUPERSEDED: _(
            "🔄 The bot is restarting, so nothing was changed. Please use the command again in a moment."
        ),
    }[stage]
