"""The dialog of `!restart`: who may use it, and its texts. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from botapp.locale import _
from botapp.ui.admin.confirmation import ANSWER_WITHIN_S, Stage
from botapp.ui.formatting import format_decimal, format_number

#: longest error text, in characters; a message may have 2000
MAX_PROBLEM_CHARS: Final = 1500

#: requester of a restart after a hang
SUPERVISOR: Final = "supervisor"
#: requester of the daily restart
SCHEDULE: Final = "schedule"

#: the phases of a restart: names, the same in every language, and keys in the report
PHASES: Final = tuple((name, f"{name}_s") for name in ("check", "drain", "stop", "flush", "start"))


def is_admin(
    user_id: int,
    role_ids: Collection[int],
    *,
    server_id: int | None,
    admin_ids: Collection[int],
    admin_role_ids: Collection[int],
    owner_ids: Collection[int],
) -> bool:
    """Return whether a member is an admin. Without `admin_ids` the owners of the application are.

    The role with the id of the server is @everyone, which never makes an admin.
    """
    return user_id in (admin_ids or owner_ids) or any(role in admin_role_ids and role != server_id for role in role_ids)


def question() -> str:
    """Return the confirmation text."""
    text = _("🔄 Restart the bot? Answer `yes` or `no`, or click, within %(seconds)d seconds.")
    return text % {"seconds": int(ANSWER_WITHIN_S)}


def ending(stage: Stage) -> str:
    """Return the text that replaces the question when it has ended."""
    return {
        Stage.CONFIRMED: _("🔄 Restarting… checking the new code first; the bot keeps serving in the meantime."),
        Stage.DECLINED: _("❌ Not restarted."),
        Stage.EXPIRED: _("⌛ No answer, so the bot was not restarted. Use the command again when you are ready."),
        Stage.SUPERSEDED: _("🔄 Another restart has already begun, so this question is closed."),
    }[stage]


def already_restarting(by: str) -> str:
    """Return the answer to a request during another restart."""
    return _("🔄 A restart is already in progress, requested by %(by)s.") % {"by": by}


def restart_failed(code: str, problem: str) -> str:
    """Return the text for a restart that the supervisor refused or could not do."""
    block = _block(problem)
    if code in ("check_failed", "bad_config"):
        return _(
            "❌ Not restarted: the check of the new code, configuration, token and database failed. The bot keeps "
            "running unchanged."
        ) + (block + _("Fix this, then use the command again."))
    if code == "shutting_down":
        return _("❌ Not restarted: the supervisor is shutting down.")
    if code == "closed":
        return _(
            "⚠️ The connection to the supervisor was lost during the restart. The restart continues when the "
            "supervisor is back; see `stocksup status` on the server."
        )
    return _("❌ Not restarted. The bot keeps running unchanged:") + block + _("See `stocksup status` on the server.")


def failed_for_good(problem: str) -> str:
    """Return the text for a restart after which the bot did not come back."""
    return (
        _("❌ The restart failed, and the bot is down:") + _block(problem) + _("See `stocksup status` on the server.")
    )


def was_down(problem: str, at_s: float) -> str:
    """Return the text about an earlier failure. `at_s`: when it happened, in seconds since 1970."""
    return _("⚠️ The bot was down since <t:%(at)d:f>:") % {"at": at_s} + _block(problem)


def is_announced(report: dict[str, Any] | None) -> bool:
    """Return whether to announce a restart that was not requested in Discord.

    A restart by systemd or the command line is announced. A restart by the supervisor itself, after a crash, a hang or
    because of the schedule, is not.

    Args:
        report: the supervisor's report of the finished restart; None if there was none or it is unknown.
    """
    return report is not None and report.get("requested_by") not in (None, "", SUPERVISOR, SCHEDULE)


def back_again(life: int, report: dict[str, Any] | None) -> str:
    """Return the text that the new process writes when it is ready.

    Args:
        life: number of the new process.
        report: the supervisor's report of the finished restart; None if it is unknown.
    """
    text = _("✅ Back again (process %(life)d).") % {"life": life}
    if report is None:
        return text
    if report.get("handover"):
        return f"{text}\n{_took_over(report)}"
    if report.get("cold_problem"):
        problem = _shorten_start(str(report["cold_problem"]))
        text += "\n" + _("⚠️ Restarted without a hand-over: %(problem)s") % {"problem": problem}
    phases = report.get("phases") or {}
    times = [f"{name} {format_seconds(phases[key])}" for name, key in PHASES if phases.get(key) is not None]
    if times:
        text += "\n" + " · ".join(times)
    if report.get("downtime_s") is not None:
        text += "\n" + _("downtime: %(time)s") % {"time": format_seconds(report["downtime_s"])}
    if report.get("cancelled"):
        text += "\n" + _("⚠️ cancelled: %(names)s") % {"names": _shorten_start(", ".join(map(str, report["cancelled"])))}
    return text


def _took_over(report: dict[str, Any]) -> str:
    """Return how the new process has taken over from the old one without a pause."""
    if report.get("downtime_s") is None:
        return _("took over from the old process")
    params = {"time": format_seconds(report["downtime_s"]), "count": format_number(report.get("handed_over") or 0)}
    if not report.get("handed_over"):
        return _("took over in %(time)s") % params
    if report["handed_over"] == 1:
        return _("took over in %(time)s; 1 click handed over") % params
    return _("took over in %(time)s; %(count)s clicks handed over") % params


def format_seconds(value: float) -> str:
    """Return a duration in milliseconds or seconds."""
    return f"{format_decimal(value * 1000, 1)} ms" if value < 0.1 else f"{format_decimal(value, 2)} {_('s')}"


def _block(text: str) -> str:
    return f"```\n{_shorten_start(text).replace('```', chr(39) * 3)}\n```"


def _shorten_start(text: str) -> str:
    return text if len(text) <= MAX_PROBLEM_CHARS else "…" + text[-MAX_PROBLEM_CHARS:]
