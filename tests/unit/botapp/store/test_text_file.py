"""Split text files as editors and exporters save them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botapp.store.domain.text_file import NotText, TooManyLines, split_lines

#: keys in the scripts of members, as an exporter may write them
KEYS = ["กขค-1", "مفتاح-1", "κωδικός-1", "激活码-1", "KEY-1", "ключ-2", "열쇠-3", "🔑-4", "ĀĂĄ-5"]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb", ["a", "b"]),
        (b"\xef\xbb\xbfa\n\nb", ["a", "", "b"]),
        (b"a\tb\n", ["a\tb"]),
        ("é\u2028x\n".encode(), ["é\u2028x"]),  # U+2028 does not end a line in an editor either
        ("a\nb".encode("utf-16"), ["a", "b"]),
        (b"\xfe\xff" + "a\nb".encode("utf-16-be"), ["a", "b"]),
    ],
)
def test_lines(data: bytes, lines: list[str]) -> None:
    assert split_lines(data, 10) == lines


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_utf_16_without_a_mark_is_read(encoding: str, key: str, end: str) -> None:
    assert split_lines(f"{key}{end}x-2{end}".encode(encoding), 10) == [key, "x-2"]


@given(st.text(st.characters(exclude_categories=["Cc", "Cn", "Co", "Cs"], exclude_characters="\ufeff\ufffd")))
def test_utf_16_without_a_mark_is_never_read_as_something_else(line: str) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            assert split_lines(f"{line}\r\n".encode(encoding), 10) == [line]
        except NotText:
            # a line end that is a character in the other byte order too
            assert line


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"good\ngood\n\xff\n", 3),
        (b"good\rgood\r\xff\r", 3),
        (b"good\r\ngood\r\n\xff", 3),
        (b"caf\xe9\n", 1),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", 2),
        (b"\xff\xfea", 1),
        (b"good\nb\0d\n", 2),
        (b"good\n\x1b[31mbad\n", 2),
        (b"good\n\x01\x0e\x02\x0e", 2),
        ("กขค".encode("utf-16-le"), 1),
        ("good\nlo\ufffdt\n".encode(), 2),
        ("good\nb\x85d\n".encode(), 2),
        ("good\nb\0d\n".encode("utf-16"), 2),
    ],
)
def test_what_is_not_text_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(NotText) as caught:
        split_lines(data, 10)
    assert caught.value.line == line
    assert caught.value.__cause__ is None, "the cause would contain the file"


def test_lines_are_limited() -> None:
    assert len(split_lines(b"a\n" * 10, 10)) == 10
    for data in (b"a\n" * 11, b"\r" * 11, b"\r\n" * 11):
        with pytest.raises(TooManyLines):
            split_lines(data, 10)
