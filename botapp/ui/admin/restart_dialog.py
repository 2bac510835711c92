"""`!restart` as a conversation: who may, and what is said. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from botapp.locale import _
from botapp.ui.admin.confirmation import ANSWER_WITHIN_S, Stage

#: longest problem that is shown, in characters; a message may have 2000
MAX_PROBLEM_CHARS: Final = 1500

#: who asks for a restart of a program that has hung
SUPERVISOR: Final = "supervisor"
#: who asks for the restart of each day
SCHEDULE: Final = "schedule"

#: the phases of a restart by their names, which are the same in every language, and their keys in a report
PHASES: Final = tuple((name, f"{name}_s") for name in ("check", "drain", "stop", "flush", "start"))


def is_admin(
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


def already_restarting(by: str) -> str:
    """Return what is said to somebody who asks for a restart while there is one."""
    return _("🔄 A restart is under way already, asked for by %(by)s. One is enough.") % {"by": by}


def restart_failed(code: str, problem: str) -> str:
    """Return what is said when the supervisor refused, or could not restart; the bot serves on."""
    block = f"```\n{_shorten_start(problem).replace('```', chr(39) * 3)}\n```"
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


def is_announced(report: dict[str, Any] | None) -> bool:
    """Tell whether members are told of a restart that nobody asked for in Discord.

    They are, if somebody asked for it elsewhere (systemd, the command line); that the supervisor brought a bot back
    which had died, hung or was unwell is no news, nor is the restart of each day.

    Args:
        report: the finished restart as the supervisor reports it; None: there was none, or it is not known.
    """
    return report is not None and report.get("requested_by") not in (None, "", SUPERVISOR, SCHEDULE)


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
    times = [f"{name} {format_seconds(phases[key])}" for name, key in PHASES if phases.get(key) is not None]
    if times:
        text += "\n" + " · ".join(times)
    if report.get("downtime_s") is not None:
        text += "\n" + _("away for %(time)s") % {"time": format_seconds(report["downtime_s"])}
    if report.get("cancelled"):
        text += "\n" + _("⚠️ cut off: %(names)s") % {"names": _shorten_start(", ".join(map(str, report["cancelled"])))}
    return text


def format_seconds(value: float) -> str:
    """Return a duration for people."""
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s"


def _shorten_start(text: str) -> str:
    return text if len(text) <= MAX_PROBLEM_CHARS else "…" + text[-MAX_PROBLEM_CHARS:]
