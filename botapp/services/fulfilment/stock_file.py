"""A file of stock: fetched with a bound on its size, and taken apart into lines. Its contents are never logged."""

from __future__ import annotations

import codecs
import re
from typing import Final

import aiohttp

from botapp.store.domain import rules
from botapp.store.domain.rules import ParsedStock

#: largest file that is taken, in bytes; Discord takes no larger one from most members
MAX_BYTES: Final = 25 * 1024 * 1024
#: most lines of one file
MAX_LINES: Final = 200_000
#: how long fetching it may take, in seconds
FETCH_TIMEOUT_S: Final = 120.0

_CHUNK_BYTES: Final = 64 * 1024


class UnreadableFile(Exception):
    """A file cannot be stock."""


class TooLarge(UnreadableFile):
    """A file has more bytes, or more lines, than are taken."""


class NotText(UnreadableFile):
    """A file is no text in UTF-8; `line` is the first that is not, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class CannotFetch(UnreadableFile):
    """The file could not be fetched: a fault of the world, which may be over the next time."""


async def fetch(url: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the file at `url`, an address that Discord gave. Raises TooLarge, CannotFetch."""
    data = bytearray()
    timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            response.raise_for_status()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                data += chunk
                if len(data) > max_bytes:
                    raise TooLarge
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CannotFetch from error
    return bytes(data)


def parse(data: bytes) -> ParsedStock:
    """Return which lines of a file can be stock. Takes a while: to be done in a thread. Raises TooLarge, NotText."""
    return rules.parse_stock(split_lines(data))


def split_lines(data: bytes) -> list[str]:
    """Return the lines of a file as editors save it: UTF-8 or, with its mark, UTF-16; any line ends.

    Raises TooLarge, NotText.
    """
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if data.count(b"\n") + data.count(b"\r") > 2 * MAX_LINES:
        raise TooLarge
    try:
        text = data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotText(1 if utf_16 else data.count(b"\n", 0, error.start) + 1) from None
    lines = re.split(r"\r\n|\n|\r", text)
    if lines[-1] == "":
        lines.pop()  # what ends the last line begins no other
    if len(lines) > MAX_LINES:
        raise TooLarge
    return lines
