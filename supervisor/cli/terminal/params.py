"""Types of options, with translated names: click shows them in its error messages."""

from __future__ import annotations

import math
from typing import Any

import click

from supervisor.locale import _


class WholeNumber(click.IntRange):
    """A whole number from `least` to `most`."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(least, most)
        self.name = _("whole number")


class Seconds(click.FloatRange):
    """A number of seconds from `least` to `most`."""

    def __init__(self, least: float, most: float) -> None:
        super().__init__(least, most)
        self.name = _("number")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Raises click.BadParameter, also for "nan", which no range excludes."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(_("'%(text)s' is not a number") % {"text": value}, param, ctx)
        return number
