"""Download a stock file with a size limit and split it into lines. Its contents are never logged."""

from __future__ import annotations

import codecs
import re
from typing import Final

import aiohttp

from botapp.store.domain import rules
from botapp.store.domain.rules import ParsedStock

#: largest file accepted, in bytes; most members cannot upload a larger one to Discord
MAX_BYTES: Final = 25 * 1024 * 1024
#: maximum number of lines
MAX_LINES: Final = 200_000
#: time limit of the download, in seconds
FETCH_TIMEOUT_S: Final = 120.0

_CHUNK_BYTES: Final = 64 * 1024


class UnreadableFile(Exception):
    """The file cannot be used as stock."""


class TooLarge(UnreadableFile):
    """The file has too many bytes or lines."""


class NotText(UnreadableFile):
    """The file is not UTF-8 text; `line` is the first invalid line, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class CannotFetch(UnreadableFile):
    """The download failed; another attempt may succeed."""


async def fetch(url: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the file at `url`, which comes from Discord. Raises TooLarge, CannotFetch."""
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
    """Return the stock items of a file. Takes a while, so call it in a thread. Raises TooLarge, NotText."""
    return rules.parse_stock(split_lines(data))


def split_lines(data: bytes) -> list[str]:
    """Return the lines of a text file: UTF-8, or UTF-16 with a byte order mark; any line ending.

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
        lines.pop()  # the end of the last line does not start another one
    if len(lines) > MAX_LINES:
        raise TooLarge
    return lines
