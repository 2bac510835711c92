"""Download a stock file with a size limit and split it into lines. Its contents are never logged."""

from __future__ import annotations

from typing import Final

import aiohttp

from botapp.store.domain import rules, text_file
from botapp.store.domain.rules import ParsedStock
from botapp.store.domain.text_file import TooManyLines

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
    try:
        lines = text_file.split_lines(data, MAX_LINES)
    except TooManyLines as error:
        raise TooLarge from error
    return rules.parse_stock(lines)
