"""A file of stock as editors save it: its lines, and what cannot be one."""

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
        ("é\u2028x\n".encode(), ["é\u2028x"]),  # what is no end of a line to an editor is none here
        ("a\nb".encode("utf-16"), ["a", "b"]),
    ],
)
def test_lines(data: bytes, lines: list[str]) -> None:
    assert split_lines(data) == lines


def test_what_is_no_text_is_named_by_its_line() -> None:
    with pytest.raises(NotText) as caught:
        split_lines(b"good\ngood\n\xff\n")
    assert caught.value.line == 3
    assert caught.value.__cause__ is None, "the error would carry what stood in the file"
    with pytest.raises(NotText):
        split_lines(b"\xff\xfea")


def test_too_many_lines_are_refused_before_they_are_lines() -> None:
    assert len(split_lines(b"a\n" * MAX_LINES)) == MAX_LINES
    with pytest.raises(TooLarge):
        split_lines(b"a\n" * (MAX_LINES + 1))
    with pytest.raises(TooLarge):
        split_lines(b"\n" * (10 * MAX_LINES))


def test_sorting_names_lines_by_their_numbers() -> None:
    found = stock_file.parse(b"a\n\na\n" + b"x" * 1501 + b"\nb")
    assert [one.content for one in found.items] == ["a", "b"]
    assert (found.blank, found.duplicates, found.oversize) == ((2,), (3,), (4,))
