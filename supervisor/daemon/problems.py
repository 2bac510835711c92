"""What the supervisor itself suffers from: shown as long as it lasts, told when it begins and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from supervisor.locale import N_, _
from supervisor.locale.third_party import os_error_text

#: what the world may refuse, as status and alerts name it
JOURNAL: Final = N_("journal")
HISTORY: Final = N_("history")
TO_SYSTEMD: Final = N_("message to systemd")
DOOR: Final = N_("door")
STATE_DIR: Final = N_("state directory")
#: how long what the world has refused is left alone before it is tried again
RETRY_S: Final = 2.0


class Problems:
    """The troubles there are."""

    def __init__(self, note: Callable[[str, str], None], now_s: Callable[[], float]) -> None:
        """`note` takes a level and a line for the log; `now_s` is the time, as in `Instant.mono_s`."""
        self._note = note
        self._now_s = now_s
        #: what suffers, and from what
        self.shown: dict[str, str] = {}
        #: when what was refused is to be tried again
        self._retry_s: dict[str, float] = {}

    def guard(self, what: str, act: Callable[[], object]) -> bool:
        """Do what the world may refuse; return whether it has not. That is a state to show and to go on with."""
        try:
            act()
        except OSError as error:
            self.tell(what, error)
            return False
        self.tell(what, None)
        return True

    def retry(self, what: str, act: Callable[[], object]) -> None:
        """The same for what is tried again by whoever asks `due_s`: not at every turn while it is refused."""
        now_s = self._now_s()
        if self._retry_s.get(what, now_s) > now_s:
            return
        self._retry_s.pop(what, None)
        if not self.guard(what, act):
            self._retry_s[what] = now_s + RETRY_S

    def tell(self, what: str, error: OSError | None) -> None:
        """Show that the world refuses `what`, or with None that it does so no longer."""
        if error is None:
            if self.shown.pop(what, None):
                self._note("info", _("the %(what)s can be used again") % {"what": _(what)})
            return
        why = os_error_text(error)
        if what not in self.shown:
            text = _("cannot use the %(what)s: %(why)s; going on without")
            self._note("error", text % {"what": _(what), "why": why})
        self.shown[what] = why

    def due_s(self) -> float | None:
        """Return when something is to be tried again, in seconds of `Instant.mono_s`; None: nothing is."""
        return min(self._retry_s.values(), default=None)
