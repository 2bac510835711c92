"""Parse stock files as editors save them."""

from __future__ import annotations

import pytest

from botapp.services.fulfilment import stock_file
from botapp.services.fulfilment.stock_file import MAX_LINES, NotText, TooLarge, split_lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb", ["a", "b"]),
        (b"\xef\xbb\xbfa\n\nb", ["a", "", "b"]),
        ("é\u2028x\n".encode(), ["é\u2028x"]),  # U+2028 does not end a line in an editor either
        ("a\nb".encode("utf-16"), ["a", "b"]),
    ],
)
def test_lines(data: bytes, lines: list[str]) -> None:
    assert split_lines(data) == lines


def test_invalid_text_is_reported_with_its_line() -> None:
    with pytest.raises(NotText) as caught:
        split_lines(b"good\ngood\n\xff\n")
    assert caught.value.line == 3
    assert caught.value.__cause__ is None, "the cause would contain the file"
    with pytest.raises(NotText):
        split_lines(b"\xff\xfea")


def test_too_many_lines_are_refused_before_splitting() -> None:
    assert len(split_lines(b"a\n" * MAX_LINES)) == MAX_LINES
    with pytest.raises(TooLarge):
        split_lines(b"a\n" * (MAX_LINES + 1))
    with pytest.raises(TooLarge):
        split_lines(b"\n" * (10 * MAX_LINES))


def test_parsing_reports_line_numbers() -> None:
    found = stock_file.parse(b"a\n\na\n" + b"x" * 1501 + b"\nb")
    assert [one.content for one in found.items] == ["a", "b"]
    assert (found.blank, found.duplicates, found.oversize) == ((2,), (3,), (4,))
