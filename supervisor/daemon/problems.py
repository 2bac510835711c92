"""Problems of the supervisor itself: shown in `status` while they last, logged when they begin and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from supervisor.locale import N_, _
from supervisor.locale.third_party import os_error_text

#: what can fail, as status and alerts name it
JOURNAL: Final = N_("journal")
HISTORY: Final = N_("history")
SYSTEMD: Final = N_("message to systemd")
CONTROL_SOCKET: Final = N_("control socket")
STATE_DIR: Final = N_("state directory")
LOG: Final = N_("log")
#: seconds between two attempts of what failed
RETRY_S: Final = 2.0


class Problems:
    """The present problems of the supervisor."""

    def __init__(self, log: Callable[[str, str], None], now_s: Callable[[], float]) -> None:
        """`log` takes a level and a line; `now_s` is the time, as in `Instant.mono_s`."""
        self._log = log
        self._now_s = now_s
        #: what fails, and why
        self.shown: dict[str, str] = {}
        #: when to try again what failed
        self._retries_s: dict[str, float] = {}

    def guard(self, subject: str, act: Callable[[], object]) -> bool:
        """Call `act`, report its OSError as a problem of `subject`, and return whether it succeeded."""
        try:
            act()
        except OSError as error:
            self.report(subject, error)
            return False
        self.report(subject, None)
        return True

    def retry(self, subject: str, act: Callable[[], object]) -> None:
        """Call `act` as `guard` does, but after a failure not before `RETRY_S` have passed."""
        now_s = self._now_s()
        if self._retries_s.get(subject, now_s) > now_s:
            return
        self._retries_s.pop(subject, None)
        if not self.guard(subject, act):
            self._retries_s[subject] = now_s + RETRY_S

    def report(self, subject: str, error: OSError | None) -> None:
        """Record that `subject` fails with `error`, or with None that it works."""
        if error is None:
            if self.shown.pop(subject, None):
                self._log("info", _("%(subject)s: works again") % {"subject": _(subject)})
            return
        why = os_error_text(error)
        if self.shown.get(subject) != why:
            text = _("%(subject)s: failed: %(why)s; continuing without it")
            self._log("error", text % {"subject": _(subject), "why": why})
        self.shown[subject] = why

    def next_retry_s(self) -> float | None:
        """Return when to call `retry` again, in seconds of `Instant.mono_s`; None when nothing failed."""
        return min(self._retries_s.values(), default=None)
