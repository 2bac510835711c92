"""`!restart` as a conversation: who may, what an answer means, what is said. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from botapp.locale import _

#: how long a question waits for its answer, in seconds
ANSWER_WITHIN_S: Final = 30.0
#: longest problem that is shown, in characters; a message may have 2000
MAX_PROBLEM_CHARS: Final = 1500

#: who asks for a restart of a program that has hung
SUPERVISOR: Final = "supervisor"

#: the phases of a restart by their names, which are the same in every language, and their keys in a report
PHASES: Final = tuple((name, f"{name}_s") for name in ("check", "drain", "stop", "flush", "start"))

_YES: Final = frozenset({"ya", "yes", "y"})
_NO: Final = frozenset({"tidak", "no", "t", "n"})


class Stage(Enum):
    """Where a question stands. Only ASKING is not final."""

    ASKING = "asking"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    #: another restart has begun meanwhile
    OVERTAKEN = "overtaken"


@dataclass(frozen=True)
class Dialog:
    """One question whether to restart."""

    user_id: int
    channel_id: int
    #: when it stops waiting, in seconds of the caller's clock
    expires_at_s: float
    stage: Stage = Stage.ASKING


@dataclass(frozen=True)
class Said:
    """Somebody wrote a message, or clicked: then `text` is the answer the button stands for."""

    user_id: int
    channel_id: int
    text: str


@dataclass(frozen=True)
class Overtaken:
    """A restart has begun that this question did not lead to."""


def step(dialog: Dialog, event: Said | Overtaken | None, now_s: float) -> Dialog:
    """Return where `dialog` stands after `event`, or, with None, after the time alone has passed."""
    if dialog.stage is not Stage.ASKING:
        return dialog
    if now_s >= dialog.expires_at_s:
        return replace(dialog, stage=Stage.EXPIRED)
    if isinstance(event, Overtaken):
        return replace(dialog, stage=Stage.OVERTAKEN)
    if event is None or (event.user_id, event.channel_id) != (dialog.user_id, dialog.channel_id):
        return dialog
    answer = event.text.strip().lower()
    if answer in _YES:
        return replace(dialog, stage=Stage.CONFIRMED)
    if answer in _NO:
        return replace(dialog, stage=Stage.DECLINED)
    return dialog


def may_restart(
    user_id: int,
    role_ids: Collection[int],
    *,
    admin_ids: Collection[int],
    admin_role_ids: Collection[int],
    owner_ids: Collection[int],
) -> bool:
    """Tell whether a member is an admin; without `admin_ids` the application's owners are."""
    return user_id in (admin_ids or owner_ids) or any(role in admin_role_ids for role in role_ids)


def question() -> str:
    """Return what an admin is asked."""
    text = _("🔄 Restart the bot? Answer `ya` or `tidak`, or click, within %(seconds)d seconds.")
    return text % {"seconds": int(ANSWER_WITHIN_S)}


def ending(stage: Stage) -> str:
    """Return what the question becomes when it has ended."""
    return {
        Stage.CONFIRMED: _("🔄 Restarting… checking the new code first; the bot serves on meanwhile."),
        Stage.DECLINED: _("❌ Not restarted."),
        Stage.EXPIRED: _("⌛ No answer, so nothing was restarted. Type the command again when you are ready."),
        Stage.OVERTAKEN: _("🔄 A restart has begun already; this question is closed, one restart is enough."),
    }[stage]


def under_way(by: str) -> str:
    """Return what is said to somebody who asks for a restart while there is one."""
    return _("🔄 A restart is under way already, asked for by %(by)s. One is enough.") % {"by": by}


def failed(code: str, problem: str) -> str:
    """Return what is said when the supervisor refused, or could not restart; the bot serves on."""
    block = f"```\n{_shortened(problem).replace('```', chr(39) * 3)}\n```"
    if code in ("check_failed", "bad_config"):
        return _("❌ Not restarted: the new code or configuration does not load, so the bot serves on as it was.") + (
            block + _("Mend this, then give the command again.")
        )
    if code == "shutting_down":
        return _("❌ Not restarted: everything is being stopped right now.")
    if code == "closed":
        return _(
            "⚠️ The connection to the supervisor was lost while it restarted the bot. It goes on when the supervisor "
            "is back; `stocksup status` on the server tells more."
        )
    return (
        _("❌ Not restarted, the bot serves on as it was:") + block + _("`stocksup status` on the server tells more.")
    )


def is_news(report: dict[str, Any] | None) -> bool:
    """Tell whether members are told of a restart that nobody asked for in Discord.

    They are, if somebody asked for it elsewhere (systemd, the command line); that the supervisor brought a bot back
    which had died or hung is no news.

    Args:
        report: the finished restart as the supervisor reports it; None: there was none, or it is not known.
    """
    return report is not None and report.get("by") not in (None, "", SUPERVISOR)


def back_again(life: int, report: dict[str, Any] | None) -> str:
    """Return what the message becomes in the next life.

    Args:
        life: number of the life that serves now.
        report: the finished restart as the supervisor reports it, or None when it is not known.
    """
    text = _("✅ Back again: life %(life)d.") % {"life": life}
    if report is None:
        return text
    phases = report.get("phases") or {}
    times = [f"{name} {seconds(phases[key])}" for name, key in PHASES if phases.get(key) is not None]
    if times:
        text += "\n" + " · ".join(times)
    if report.get("downtime_s") is not None:
        text += "\n" + _("away for %(time)s") % {"time": seconds(report["downtime_s"])}
    if report.get("cut_off"):
        text += "\n" + _("⚠️ cut off: %(names)s") % {"names": _shortened(", ".join(map(str, report["cut_off"])))}
    return text


def seconds(value: float) -> str:
    """Return a duration for people."""
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s"


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_PROBLEM_CHARS else "…" + text[-MAX_PROBLEM_CHARS:]
