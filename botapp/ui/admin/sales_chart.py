"""The chart of `/sales`: `python -m botapp.ui.admin.sales_chart` reads JSON from stdin and writes a PNG to stdout.

It runs in its own process, because Pillow would stay in the bot's memory for one chart a day. All texts of the chart
are part of its input: this module knows no language and no money.
"""

from __future__ import annotations

import asyncio
import io
import sys
from typing import Any, Final

import msgspec
from msgspec import Struct

#: time limit for drawing, in seconds
TIMEOUT_S: Final = 20.0


class Bar(Struct, frozen=True):
    """One day: its label (may be empty), the revenue, and the refunds."""

    label: str
    value: int
    refunded: int


class Row(Struct, frozen=True):
    """One product: its name, its revenue, and the revenue as text."""

    name: str
    value: int
    words: str


class Picture(Struct, frozen=True):
    """The contents of the chart."""

    title: str
    total: str
    #: labels of the two colours
    earned: str
    refunded: str
    bars: tuple[Bar, ...]
    #: heights of the grid lines with their labels; the first is 0
    ticks: tuple[tuple[int, str], ...]
    #: title of the list of products
    best: str
    rows: tuple[Row, ...]


class CannotDraw(Exception):
    """The chart cannot be drawn; the message says why."""


async def draw(picture: Picture) -> bytes:
    """Return the chart as PNG, drawn by another process. Raises CannotDraw."""
    command = (sys.executable, "-m", "botapp.ui.admin.sales_chart")
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise CannotDraw(str(error)) from error
    try:
        async with asyncio.timeout(TIMEOUT_S):
            png, stderr = await process.communicate(msgspec.json.encode(picture))
    except TimeoutError as error:
        raise CannotDraw(f"not finished within {TIMEOUT_S:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise CannotDraw(stderr.decode(errors="replace").strip().rpartition("\n")[2] or f"exit {process.returncode}")
    return png


# --- below: only in the other process ---

WIDTH: Final = 1100
#: heights of the part with the days and of one product row
DAYS_HEIGHT: Final = 560
ROW_HEIGHT: Final = 46
#: drawn larger, then scaled down for smooth edges
SCALE: Final = 2

# colours that suit Discord's dark theme
BACKGROUND: Final = "#2b2d31"
LINE: Final = "#3f4248"
FAINT: Final = "#a3a6aa"
BRIGHT: Final = "#f2f3f5"
EARNED: Final = "#5b6cf4"
REFUNDED: Final = "#ed5b60"

_LEFT: Final = 40
_TOP: Final = 150
_BOTTOM: Final = 56


def render(picture: Picture) -> bytes:
    """Return the chart as PNG."""
    from PIL import Image, ImageDraw

    height = DAYS_HEIGHT + (84 + ROW_HEIGHT * len(picture.rows) if picture.rows else 0)
    image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), BACKGROUND)
    pen = _Pen(ImageDraw.Draw(image))
    _draw_head(pen, picture)
    _draw_days(pen, picture)
    if picture.rows:
        _draw_products(pen, picture)
    small = image.resize((WIDTH, height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


class _Pen:
    """Draws in the units of the final chart, whatever the scale."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def text(self, x: float, y: float, words: str, size: int, colour: str, anchor: str = "ls") -> None:
        """Write `words` at a point; `anchor` as in Pillow."""
        self._draw.text((x * SCALE, y * SCALE), _writable(words), colour, font=_font(size), anchor=anchor)

    def width(self, words: str, size: int) -> float:
        """Return the width of `words`."""
        return float(self._draw.textlength(_writable(words), font=_font(size))) / SCALE

    def fitted(self, words: str, size: int, room: float) -> str:
        """Return `words`, shortened to `room`."""
        words = _writable(words)
        if self.width(words, size) <= room:
            return words
        while words and self.width(words + "…", size) > room:
            words = words[:-1]
        return words.rstrip() + "…"

    def bar(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        colour: str,
        radius: float = 0,
        *,
        foot: bool = False,
    ) -> None:
        """Draw a box. With a `radius` its corners are round; with `foot` only the upper ones."""
        box = [round(left * SCALE), round(top * SCALE), round(right * SCALE) - 1, round(bottom * SCALE) - 1]
        if box[2] > box[0] and box[3] >= box[1]:
            corners = (True, True, not foot, not foot)
            rounded = min(radius * SCALE, (box[2] - box[0]) / 2, box[3] - box[1])
            self._draw.rounded_rectangle(box, rounded, colour, corners=corners)

    def line(self, left: float, right: float, y: float, colour: str) -> None:
        """Draw a horizontal line."""
        self._draw.line([(left * SCALE, y * SCALE), (right * SCALE, y * SCALE)], colour, 2)


def _draw_head(pen: _Pen, picture: Picture) -> None:
    pen.text(_LEFT, 62, picture.title, 34, BRIGHT)
    pen.text(_LEFT, 104, pen.fitted(picture.total, 24, WIDTH / 2), 24, FAINT)
    x: float = WIDTH - _LEFT
    for words, colour in ((picture.refunded, REFUNDED), (picture.earned, EARNED)):
        x -= pen.width(words, 22)
        pen.text(x, 104, words, 22, FAINT)
        pen.bar(x - 30, 86, x - 10, 106, colour, 5)
        x -= 60


def _draw_days(pen: _Pen, picture: Picture) -> None:
    bottom = DAYS_HEIGHT - _BOTTOM
    highest = max(picture.ticks[-1][0], 1)
    left = _LEFT + max(pen.width(words, 22) for _, words in picture.ticks) + 16
    right = WIDTH - _LEFT
    for value, words in picture.ticks:
        y = bottom - (bottom - _TOP) * value / highest
        pen.line(left, right, y, FAINT if value == 0 else LINE)
        pen.text(left - 16, y, words, 22, FAINT, "rm")
    step = (right - left) / len(picture.bars)
    width = min(step * 0.68, 90)
    for number, bar in enumerate(picture.bars):
        middle = left + step * (number + 0.5)
        begin, end = middle - width / 2, middle + width / 2
        top = bottom - (bottom - _TOP) * bar.value / highest
        above = top - (bottom - _TOP) * bar.refunded / highest
        # a value above zero is at least 2 pixels high
        if bar.value:
            top = min(top, bottom - 2)
            pen.bar(begin, top, end, bottom, EARNED, 0 if bar.refunded else 6, foot=True)
        if bar.refunded:
            pen.bar(begin, min(above, top - 2), end, top, REFUNDED, 6, foot=True)
        pen.text(middle, bottom + 36, bar.label, 22, FAINT, "ms")


def _draw_products(pen: _Pen, picture: Picture) -> None:
    pen.text(_LEFT, DAYS_HEIGHT + 42, picture.best, 26, BRIGHT)
    names, values = 300, max(pen.width(row.words, 22) for row in picture.rows) + 20
    left = _LEFT + names
    room = WIDTH - _LEFT - values - left
    highest = max(row.value for row in picture.rows) or 1
    for number, row in enumerate(picture.rows):
        middle = DAYS_HEIGHT + 84 + ROW_HEIGHT * number
        pen.text(_LEFT, middle, pen.fitted(row.name, 22, names - 24), 22, FAINT, "lm")
        end = left + max(room * row.value / highest, 4)
        pen.bar(left, middle - 13, end, middle + 13, EARNED, 6)
        pen.text(end + 14, middle, row.words, 22, BRIGHT, "lm")


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size * SCALE)


def _writable(words: str) -> str:
    """Return `words` without characters that Pillow's built-in font does not have."""
    return " ".join("".join(char if char < "\u0180" or char in "–—…×·" else " " for char in words).split())


if __name__ == "__main__":
    sys.stdout.buffer.write(render(msgspec.json.decode(sys.stdin.buffer.read(), type=Picture)))
