"""Title and body of alerts: what happened, where, since when, and what to do. Pure."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from supervisor.alerts.incidents import Kind, Notification
from supervisor.alerts.messages import Origin
from supervisor.locale import N_, _, reasons
from supervisor.logs.masking import mask_secrets

#: longer reasons are cut
MAX_REASON_CHARS: Final = 300


class Severity(StrEnum):
    """The severity of a message; the values are those of Apprise."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


class Message(Struct, frozen=True):
    """A message to a target."""

    title: str
    body: str
    severity: Severity


_SEVERITIES: Final = {
    Kind.CRASH_LOOP: Severity.WARNING,
    Kind.FATAL: Severity.FAILURE,
    Kind.REFUSED: Severity.FAILURE,
    Kind.DISK_LOW: Severity.WARNING,
    Kind.PROBLEM: Severity.FAILURE,
    Kind.TEST: Severity.INFO,
}

_BEGUN: Final = {
    Kind.CRASH_LOOP: N_("%(subject)s crashes repeatedly"),
    Kind.FATAL: N_("%(subject)s failed and is not running"),
    Kind.REFUSED: N_("%(subject)s was refused: its token is not valid"),
    Kind.DISK_LOW: N_("the disk is nearly full"),
    Kind.PROBLEM: N_("the supervisor cannot use its %(subject)s"),
    Kind.TEST: N_("a test"),
}

_RESOLVED: Final = {
    Kind.CRASH_LOOP: N_("%(subject)s is stable again"),
    Kind.FATAL: N_("%(subject)s is running again"),
    Kind.REFUSED: N_("%(subject)s is connected and running again"),
    Kind.DISK_LOW: N_("the disk has enough space again"),
    Kind.PROBLEM: N_("the supervisor can use its %(subject)s again"),
}

_WHAT_TO_DO: Final = {
    Kind.CRASH_LOOP: N_("It is restarted each time. Find the cause: stocksup logs %(subject)s"),
    Kind.FATAL: N_("Find the cause: stocksup logs %(subject)s. After fixing it: stocksup start"),
    Kind.REFUSED: N_(
        "It is not restarted. Create a new token where the old one was created, replace the old one, then: "
        "stocksup start. If the token is right, a permission that it needs is switched off there: stocksup check"
    ),
    Kind.DISK_LOW: N_("Free some disk space; find large directories: du -xh %(state_dir)s | sort -h"),
    Kind.PROBLEM: N_(
        "The programs keep running, but the supervisor could not find them after a restart of its own. Free some "
        "disk space, or fix the permissions of %(state_dir)s; then: stocksup status"
    ),
    Kind.TEST: N_("Nothing: alerts arrive here."),
}


def render(notifications: Sequence[Notification], origin: Origin) -> Message:
    """Return the message about one notification, or about several."""
    if len(notifications) == 1:
        return _render_one(notifications[0], origin)
    params = {"host": origin.host, "count": len(notifications)}
    title = _("stocksup on %(host)s: %(count)d notifications") % params
    lines = [f"{_time(notification.at, origin)}  {_line(notification, origin)}" for notification in notifications]
    has_failure = any(not notification.resolved for notification in notifications)
    body = "\n".join([*lines, "", *_where(origin), _("Next: stocksup status")])
    return Message(title, body, Severity.FAILURE if has_failure else Severity.SUCCESS)


def _render_one(notification: Notification, origin: Origin) -> Message:
    incident = notification.incident
    title = _("stocksup on %(host)s: %(what)s") % {"host": origin.host, "what": _summary(notification, origin)}
    since = _time(incident.since, origin)
    if notification.resolved:
        begun = _BEGUN[incident.kind]
        before = _join(_(begun) % _params(notification, origin), _reason(notification))
        lines = [
            _("Before: %(what)s") % {"what": before},
            _("From %(since)s until %(at)s") % {"since": since, "at": _time(notification.at, origin)},
        ]
        return Message(title, "\n".join([*lines, *_where(origin)]), Severity.SUCCESS)
    lines = [
        *([_reason(notification)] if _reason(notification) else []),
        _("Since: %(since)s") % {"since": since},
        _("What to do: %(todo)s") % {"todo": _(_WHAT_TO_DO[incident.kind]) % _params(notification, origin)},
    ]
    return Message(title, "\n".join([*lines, *_where(origin)]), _SEVERITIES[incident.kind])


def _line(notification: Notification, origin: Origin) -> str:
    return _join(_summary(notification, origin), "" if notification.resolved else _reason(notification))


def _summary(notification: Notification, origin: Origin) -> str:
    texts = _RESOLVED if notification.resolved else _BEGUN
    return _(texts[notification.incident.kind]) % _params(notification, origin)


def _params(notification: Notification, origin: Origin) -> dict[str, str]:
    subject = notification.incident.subject
    if notification.incident.kind is Kind.PROBLEM:
        subject = _(subject)
    return {"subject": subject, "state_dir": origin.state_dir}


def _reason(notification: Notification) -> str:
    reason = notification.incident.reason
    text = mask_secrets(reasons.describe(reason)) if reason else ""
    return text if len(text) <= MAX_REASON_CHARS else f"{text[: MAX_REASON_CHARS - 1]}…"


def _join(summary: str, reason: str) -> str:
    return f"{summary}: {reason}" if reason else summary


def _where(origin: Origin) -> list[str]:
    return [_("Where: %(host)s, %(config)s") % {"host": origin.host, "config": origin.config}]


def _time(wall_s: float, origin: Origin) -> str:
    at = datetime.datetime.fromtimestamp(wall_s, zoneinfo.ZoneInfo(origin.timezone))
    return at.strftime("%Y-%m-%d %H:%M:%S %Z")
