"""Numbers as options take them. click's own types have English names, which it says when a number is none."""

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
