"""Parse stock files as editors save them."""

from __future__ import annotations

import pytest

from botapp.services.fulfilment import stock_file
from botapp.services.fulfilment.stock_file import MAX_LINES, TooLarge


def test_too_many_lines_are_refused() -> None:
    for data in (b"a\n" * (MAX_LINES + 1), b"\n" * (10 * MAX_LINES), "a\n".encode("utf-16-be") * (MAX_LINES + 1)):
        with pytest.raises(TooLarge):
            stock_file.parse(data)


def test_parsing_reports_line_numbers() -> None:
    found = stock_file.parse(b"a\n\na\n" + b"x" * 1501 + b"\nb")
    assert [one.content for one in found.items] == ["a", "b"]
    assert (found.blank, found.duplicates, found.oversize) == ((2,), (3,), (4,))
