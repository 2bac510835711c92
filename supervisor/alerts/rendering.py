"""What an alert says: what happened, where and since when, and what to do next. Pure."""

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
from supervisor.logs.masking import masked

#: how much of a reason is told
MAX_DETAIL_CHARS: Final = 300


class Severity(StrEnum):
    """How it is to be taken; the words are those of Apprise."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


class Message(Struct, frozen=True):
    """What is sent."""

    title: str
    body: str
    tone: Severity


_TONES: Final = {
    Kind.CRASH_LOOP: Severity.WARNING,
    Kind.FATAL: Severity.FAILURE,
    Kind.REFUSED: Severity.FAILURE,
    Kind.DISK_LOW: Severity.WARNING,
    Kind.TROUBLE: Severity.FAILURE,
    Kind.TEST: Severity.INFO,
}

_WHAT: Final = {
    Kind.CRASH_LOOP: N_("%(subject)s crashes again and again"),
    Kind.FATAL: N_("%(subject)s was given up and does not run"),
    Kind.REFUSED: N_("%(subject)s was refused: its token does not count"),
    Kind.DISK_LOW: N_("the disk is nearly full"),
    Kind.TROUBLE: N_("the supervisor cannot use its %(subject)s"),
    Kind.TEST: N_("a test"),
}

_OVER: Final = {
    Kind.CRASH_LOOP: N_("%(subject)s runs in peace again"),
    Kind.FATAL: N_("%(subject)s runs again"),
    Kind.REFUSED: N_("%(subject)s is let in and runs again"),
    Kind.DISK_LOW: N_("the disk has room again"),
    Kind.TROUBLE: N_("the supervisor can use its %(subject)s again"),
}

_WHAT_TO_DO: Final = {
    Kind.CRASH_LOOP: N_("It is started again, later each time. See why it crashes: stocksup logs %(subject)s"),
    Kind.FATAL: N_("See why: stocksup logs %(subject)s. When the cause is mended: stocksup start"),
    Kind.REFUSED: N_(
        "It is not tried again by itself. Make a new token where the old one was made, put it in the old one's place, "
        "then: stocksup start. If the token is right, a permission that belongs to it is switched off there: "
        "stocksup check"
    ),
    Kind.DISK_LOW: N_("Make room before it is full; see what takes it: du -xh %(state_dir)s | sort -h"),
    Kind.TROUBLE: N_(
        "The programs go on, but a next supervisor would not know where they are. Make room on the disk, or mend the "
        "permissions of %(state_dir)s; then look: stocksup status"
    ),
    Kind.TEST: N_("Nothing: alerts arrive here."),
}


def message(alerts: Sequence[Notification], scene: Origin) -> Message:
    """Return the message about one alert, or about several at once."""
    if len(alerts) == 1:
        return _of_one(alerts[0], scene)
    title = _("stocksup on %(host)s: %(count)d things have happened") % {"host": scene.host, "count": len(alerts)}
    lines = [f"{_time(one.at, scene)}  {_line(one, scene)}" for one in alerts]
    tone = Severity.FAILURE if any(not one.over for one in alerts) else Severity.SUCCESS
    return Message(title, "\n".join([*lines, "", *_place(scene), _("Next: stocksup status")]), tone)


def _of_one(alert: Notification, scene: Origin) -> Message:
    matter = alert.matter
    title = _("stocksup on %(host)s: %(what)s") % {"host": scene.host, "what": _what(alert, scene)}
    if alert.over:
        was = _what(Notification(number=0, matter=matter, at=alert.at), scene)
        lines = [
            _("Before: %(what)s") % {"what": _joined(was, _detail(alert))},
            _("From %(since)s until %(at)s") % {"since": _time(matter.since, scene), "at": _time(alert.at, scene)},
        ]
        return Message(title, "\n".join([*lines, *_place(scene)]), Severity.SUCCESS)
    lines = [
        *([_detail(alert)] if _detail(alert) else []),
        _("Since: %(since)s") % {"since": _time(matter.since, scene)},
        _("What to do: %(todo)s") % {"todo": _(_WHAT_TO_DO[matter.kind]) % _names(alert, scene)},
    ]
    return Message(title, "\n".join([*lines, *_place(scene)]), _TONES[matter.kind])


def _line(alert: Notification, scene: Origin) -> str:
    return _joined(_what(alert, scene), "" if alert.over else _detail(alert))


def _what(alert: Notification, scene: Origin) -> str:
    return _((_OVER if alert.over else _WHAT)[alert.matter.kind]) % _names(alert, scene)


def _names(alert: Notification, scene: Origin) -> dict[str, str]:
    subject = alert.matter.subject
    if alert.matter.kind is Kind.TROUBLE:
        subject = _(subject)
    return {"subject": subject, "state_dir": scene.state_dir}


def _detail(alert: Notification) -> str:
    text = masked(reasons.describe(alert.matter.detail)) if alert.matter.detail else ""
    return text if len(text) <= MAX_DETAIL_CHARS else f"{text[: MAX_DETAIL_CHARS - 1]}…"


def _joined(what: str, detail: str) -> str:
    return f"{what}: {detail}" if detail else what


def _place(scene: Origin) -> list[str]:
    return [_("Where: %(host)s, %(config)s") % {"host": scene.host, "config": scene.config}]


def _time(wall_s: float, scene: Origin) -> str:
    at = datetime.datetime.fromtimestamp(wall_s, zoneinfo.ZoneInfo(scene.timezone))
    return at.strftime("%Y-%m-%d %H:%M:%S %Z")
