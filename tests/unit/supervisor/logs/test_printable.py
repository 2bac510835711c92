"""Control characters in texts of strangers."""

from __future__ import annotations

import pytest

from supervisor.client import make_printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n✓ ä 🧹", "plain\ttext\n✓ ä 🧹"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x1b[2J\x1b[1A", r"\x1b[2J\x1b[1A"),
        ("over\rwritten", r"over\x0dwritten"),
        ("\x9b31m", r"\x9b31m"),
        ("\x00\x7f\x08", r"\x00\x7f\x08"),
        ("a\u202eb\u2066c\u2028d", r"a\u202eb\u2066c\u2028d"),
    ],
)
def test_controls_are_written_out(text: str, shown: str) -> None:
    assert make_printable(text) == shown
    assert make_printable(shown) == shown
