"""Types of options, with translated names: click shows them in its error messages."""

from __future__ import annotations

import click

from supervisor.locale import _


class WholeNumber(click.IntRange):
    """A whole number from `least` to `most`."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(least, most)
        self.name = _("whole number")


class Seconds(click.FloatRange):
    """A number of seconds, at least `least`."""

    def __init__(self, least: float) -> None:
        super().__init__(least)
        self.name = _("number")
