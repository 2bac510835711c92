"""Split the text files of admins, such as stock files, into lines. A damaged one is refused, never guessed. Pure."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_LINE_END_BYTES: Final = re.compile(rb"\r\n|\n|\r")
#: what no text contains: control characters but tab and line ends, the mark of lost characters, noncharacters
_NOT_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff]")
_UTF_16: Final = ("utf-16-le", "utf-16-be")


class NotText(Exception):
    """The file is not text in UTF-8 or UTF-16; `line` is the first wrong line, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class TooManyLines(Exception):
    """The file has more lines than allowed."""


def split_lines(data: bytes, max_lines: int) -> list[str]:
    """Return the lines of a text file: UTF-8, or UTF-16 with or without a byte order mark; any line ending.

    Raises NotText, TooManyLines.
    """
    text = _decode(data)
    if text.count("\n") + text.count("\r") > 2 * max_lines:
        raise TooManyLines
    if (wrong := _NOT_TEXT.search(text)) is not None:
        raise NotText(len(_LINE_END.findall(text, 0, wrong.start())) + 1)
    # not splitlines(), which also splits at characters that an item may contain
    lines = _LINE_END.split(text)
    if lines[-1] == "":
        lines.pop()  # the end of the last line does not start another one
    if len(lines) > max_lines:
        raise TooManyLines
    return lines


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in data:
        # UTF-8 text has no NUL; UTF-16 has one in each line end. In the wrong byte order, a line end is no character.
        readable = [encoding for encoding in _UTF_16 if _is_text(data, encoding)]
        if len(readable) == 1:
            encoding = readable[0]
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        # the cause would contain the file
        line = len(_LINE_END_BYTES.findall(data, 0, error.start)) + 1 if encoding == "utf-8-sig" else 1
        raise NotText(line) from None


def _is_text(data: bytes, encoding: str) -> bool:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return _NOT_TEXT.search(text) is None and not any(unicodedata.category(one) in ("Cn", "Co") for one in set(text))
